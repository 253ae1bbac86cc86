"""Whether a certificate and a private key belong together, asked of OpenSSL as Python's `ssl` brings it."""

from __future__ import annotations

import os

_FAULTS = {
    "KEY_VALUES_MISMATCH": "they do not belong together",
    "KEY_TYPE_MISMATCH": "they do not belong together",
    "NO_CERTIFICATE_ASSIGNED": "they do not belong together",
    "NO_START_LINE": "they are no certificate and key in PEM",
    "PEM_LIB": "they are no certificate and key in PEM",
}
_PROTECTED = "the key is protected by a passphrase, which no ingress asks for"


def fault(certificate: bytes, key: bytes) -> str:
    """Return why an ingress cannot serve with a certificate and a key in PEM; empty where it can, or nobody can tell.

    Neither touches a disk: OpenSSL reads them from memory, where the system has files in memory (Linux).
    """
    if not hasattr(os, "memfd_create"):
        return ""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # a weak key is a key
    asked = []

    def passphrase() -> str:
        asked.append(True)
        return ""

    files = [_in_memory(text) for text in (certificate, key)]
    try:
        certfile, keyfile = (f"/proc/self/fd/{one}" for one in files)
        context.load_cert_chain(certfile, keyfile, passphrase)
    except ssl.SSLError as error:
        if asked:
            return _PROTECTED
        reason = error.reason or "PEM_LIB"  # no name: OpenSSL has read nothing
        return _FAULTS.get(reason, f"OpenSSL refuses them, {reason.replace('_', ' ').lower()}")
    except OSError:
        return ""  # no /proc
    finally:
        for one in files:
            os.close(one)
    return ""


def _in_memory(content: bytes) -> int:
    descriptor = os.memfd_create("keypair")
    os.write(descriptor, content)
    return descriptor
