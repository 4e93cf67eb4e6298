"""What cert-manager makes of a Certificate: a Secret. The certificate in it is of no use."""

from __future__ import annotations

import base64

from nereus.kubernetes.sim.api import Object

CONTROLLER = "cert-manager"
API = "cert-manager.io/v1"
_CONTENT = base64.b64encode(b"no certificate: made by a stand-in\n").decode()


def secret(certificate: Object) -> Object:
    """The Secret that the certificate asks for, with the usual three keys."""
    spec, meta = certificate["spec"], certificate["metadata"]
    template = spec.get("secretTemplate") or {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": spec["secretName"],
            "namespace": meta["namespace"],
            "labels": dict(template.get("labels") or {}),
            "annotations": dict(template.get("annotations") or {}),
        },
        "type": "kubernetes.io/tls",
        "data": {"tls.crt": _CONTENT, "tls.key": _CONTENT, "ca.crt": _CONTENT},
    }
