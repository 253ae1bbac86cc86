"""`convert --interactive`: what the gcfg cannot tell, asked one question after the other, with the reason and the default.

The answers are the options of the command line; they are kept in gcfg2helm.toml beside the gcfg, so that the next run
needs none.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from gcfg2helm.cli import kubectl, session, talk
from gcfg2helm.cli.config import Answer
from gcfg2helm.cli.options import Settings
from gcfg2helm.enums import SecretMode
from gcfg2helm.findings import Finding


class Question(NamedTuple):
    """One question: the option that it answers, why it is asked, what happens if it is left open.

    `codes` are the findings that ask it; none: it is always asked. `kind` is what kubectl may list as choices, `several`
    whether it takes more than one answer. `choices` are the words that it takes, where it takes no others.
    """

    option: str
    title: str
    why: str
    left: str
    codes: tuple[str, ...] = ()
    kind: str = ""
    everywhere: bool = True
    several: bool = False
    choices: tuple[str, ...] = ()


_SECRET_WORDS = tuple(mode.value for mode in SecretMode)
# In the order in which one answer leads to the next.
QUESTIONS = (
    Question(
        "namespace", "Namespace", "The namespace of the release, its Secrets and its claims.", "it stays as it is",
        kind="namespaces",
    ),
    Question(
        "secrets", "Secrets",
        "separate writes a Secret manifest and a second values file, which only you can read; sops and sealed prepare"
        " them for SOPS and for Sealed Secrets; external writes an ExternalSecret without values, for your store; existing"
        " writes only references to a Secret that you create; inline leaves the secrets in values.yaml.",
        "files of their own", codes=("G2H501", "G2H502", "G2H503", "G2H507", "G2H509"), choices=_SECRET_WORDS,
    ),
    Question(
        "secret_store", "Secrets: the store of the ExternalSecret",
        "Which SecretStore of the namespace, or ClusterSecretStore/NAME, holds the values?",
        "the manifest says TODO, and the cluster refuses it", codes=("G2H510",),
        kind="secretstores.external-secrets.io,clustersecretstores.external-secrets.io", everywhere=False,
    ),
    Question(
        "pvc", "Storage: a claim that exists",
        "Connect's data must outlive the pod. Does a PersistentVolumeClaim hold the old server's data directory already?",
        "you are asked for an NFS export next", codes=("G2H411",), kind="persistentvolumeclaims", everywhere=False,
    ),
    Question(
        "nfs", "Storage: an NFS export", "Is the data directory on an NFS export? HOST:/PATH.", "the chart creates a new claim",
        codes=("G2H411",),
    ),
    Question(
        "storage_class", "Storage: the class of a new claim",
        "Connect and its content share the claim: its class must allow ReadWriteMany.",
        "the cluster's default class, which may not allow it", codes=("G2H411",), kind="storageclasses",
    ),
    Question(
        "storage_size", "Storage: its size", "The size of the new claim, such as 100Gi.", "the chart's 10Gi",
        codes=("G2H411",),
    ),
    Question(
        "ingress_class", "Ingress class", "The ingress controller that serves the address.", "the cluster's default class, if it has one",
        codes=("G2H409",), kind="ingressclasses",
    ),
    Question(
        "tls_secret", "Certificate", "The Secret with the certificate of the ingress.", "a proposed name; create a Secret of that name",
        codes=("G2H408", "G2H409"), kind="secrets", everywhere=False,
    ),
    Question(
        "license_file_secret", "Licence: a Secret with the licence file", "Connect does not start without a licence.",
        "you are asked for a licence server next", codes=("G2H410",), kind="secrets", everywhere=False,
    ),
    Question(
        "license_server", "Licence: a floating licence server", "Its address, such as licence.example.org:8999.",
        "Connect does not start until values.yaml names a licence", codes=("G2H410",),
    ),
    Question(
        "image", "Images for content", "Content runs in these images, not in Connect's own; separate several with blanks.",
        "no content runs until executionEnvironments lists one", codes=("G2H407",), several=True,
    ),
)  # fmt: skip


def asked(
    settings: Settings, findings_of: Callable[[Settings], Sequence[Finding]], *, cluster: bool
) -> tuple[Settings, dict[str, Answer]]:
    """Ask every question that the conversion leaves open, and return the settings with the answers, and those by option.

    `findings_of` converts with settings, without writing, and says what is open then. `cluster`: kubectl may be asked for
    choices. Raises KeyboardInterrupt on ^C or the end of input; nothing is written then.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        talk.fail("gcfg2helm: --interactive asks on a terminal, and there is none", 2)
    found = kubectl.reachable(settings.namespace) if cluster else None
    answers: dict[str, Answer] = {}
    open_ = {one.code for one in findings_of(settings)}
    talk.say("Enter leaves a question open; ^C stops, and nothing is written.")
    for question in QUESTIONS:
        if question.codes and not open_ & set(question.codes):
            continue
        given = _ask(question, settings, found)
        found = None if found is not None and found.problem else found
        if given is None:
            continue
        settings = _answered(settings, question.option, given)
        answers[question.option] = given.value if isinstance(given, SecretMode) else given
        if question.option == "namespace" and found is not None:
            found.namespace = str(given)
        open_ = {one.code for one in findings_of(settings)}
    talk.say("")
    return settings, answers


def _answered(settings: Settings, option: str, given: Answer | SecretMode) -> Settings:
    return replace(settings, **{option: given})  # type: ignore[arg-type]  # as its question takes it


def _ask(question: Question, settings: Settings, cluster: kubectl.Cluster | None) -> Answer | SecretMode | None:
    """Ask until the answer can be meant; None where it is left as it is."""
    before = getattr(settings, question.option)
    present = before.value if isinstance(before, SecretMode) else " ".join(before) if question.several else before
    choices = list(question.choices)
    if cluster is not None and question.kind and not choices:
        choices = cluster.names(question.kind, everywhere=question.everywhere)
        if cluster.problem:
            talk.say(f"  kubectl: {cluster.problem}; no choices are offered.")
            cluster = None
    for line in _lines(question, choices, present):
        talk.say(line)
    while True:
        text = _read(f"  [{present or 'open'}]: ")
        if not text or text == present:
            return None
        if text.isdigit() and 0 < int(text) <= len(choices):
            text = choices[int(text) - 1]
        if question.choices and text not in question.choices:
            talk.say(f"  One of {', '.join(question.choices)}.")
            continue
        given: Answer | SecretMode = text.split() if question.several else text
        given = SecretMode(text) if question.option == "secrets" else given
        try:
            session.check(_answered(settings, question.option, given))
        except session.UsageError as error:
            talk.say(f"  {error}")
            continue
        return given


def _lines(question: Question, choices: Sequence[str], present: str) -> Iterator[str]:
    import textwrap

    width = min(talk.width(sys.stderr), 100) - 2
    yield ""
    yield f"{question.title} (--{question.option.replace('_', '-')})"
    rest = "it stays" if present else question.left
    for text in (question.why, f"Left open: {rest}."):
        yield from textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    for number, one in enumerate(choices, 1):
        yield f"  {number}) {one}"


def _read(prompt: str) -> str:
    """Return a line of the terminal; ^C and the end of input stop the whole."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt
    return line.strip()
