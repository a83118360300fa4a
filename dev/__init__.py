"""The local API: the handlers of `functions/` behind a small API Gateway, over an embedded S3.

template/   what template.yaml declares, read into what stack.py has names for
gateway/    HTTP requests to events, results to responses, routes, authorizers, CORS
execution/  the processes of functions, and the schedule that invokes some of them
storage/    the embedded S3 server
sam/        the same API by SAM's own emulation, in Docker containers
openapi/    the OpenAPI document, merged from what the functions document
reference/  the reference pages of the documentation, written from the code

`__main__` is `make run`; `registry_admin`, `rebuild` and `site` are other targets of make.
"""
