"""A Kubernetes API server's double that the real kubectl and Helm accept.

It stores objects and checks them against Kubernetes' own schemas; it makes Deployments, Jobs and pods ready once
everything is there that they mount and refer to, binds claims, answers `exec` and `attach` with real programs of this
machine, and keeps every request. aiohttp alone, since its WebSockets are what `kubectl exec` speaks.
"""
