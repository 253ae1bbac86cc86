// The judge of the parser: Go's gcfg package reads each document into structs made for the names it holds.
//
// Standard input: one JSON object a line, {"Source": base64, "Sections": {name: [names of settings]}}.
// Standard output: one JSON object a line, {"OK": bool, "Error": text, "Values": {section: {subsection: {name: [values]}}}}.
// Every setting is a list here, which Go fills in order and a name without "=" empties.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"gopkg.in/gcfg.v1"
)

type request struct {
	Source   []byte
	Sections map[string][]string
}

type answer struct {
	OK     bool
	Error  string
	Values map[string]map[string]map[string][]string
}

func field(number int, name string, kind reflect.Type) reflect.StructField {
	tag := reflect.StructTag(`gcfg:"` + name + `"`)
	return reflect.StructField{Name: fmt.Sprintf("F%d", number), Type: kind, Tag: tag}
}

func judge(asked request) (result answer) {
	defer func() {
		if stop := recover(); stop != nil {
			result = answer{Error: fmt.Sprint("panic: ", stop)}
		}
	}()
	var sections, names []reflect.StructField
	var order []string
	for section, settings := range asked.Sections {
		names = nil
		for number, name := range settings {
			names = append(names, field(number, name, reflect.TypeOf([]string{})))
		}
		kind := reflect.MapOf(reflect.TypeOf(""), reflect.PtrTo(reflect.StructOf(names)))
		sections = append(sections, field(len(sections), section, kind))
		order = append(order, section)
	}
	config := reflect.New(reflect.StructOf(sections))
	source := strings.TrimPrefix(string(asked.Source), "\ufeff")
	if err := gcfg.ReadStringInto(config.Interface(), source); err != nil {
		result.Error = err.Error()
		// Names that the structs do not have are no syntax error: an unreadable document is asked about without names.
		result.OK = gcfg.FatalOnly(err) == nil && len(asked.Sections) == 0
		return
	}
	result.OK = true
	result.Values = map[string]map[string]map[string][]string{}
	for number, section := range order {
		found := map[string]map[string][]string{}
		for _, key := range config.Elem().Field(number).MapKeys() {
			values := map[string][]string{}
			one := config.Elem().Field(number).MapIndex(key).Elem()
			for index, name := range asked.Sections[section] {
				values[name] = one.Field(index).Interface().([]string)
			}
			found[key.String()] = values
		}
		result.Values[section] = found
	}
	return
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<28)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked request
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := out.Encode(judge(asked)); err != nil {
			panic(err)
		}
	}
}
