"""Reads the queues of a template whose messages functions take."""

from collections.abc import Iterator, Mapping

from dev.stack import Function, QueueSource
from dev.template.intrinsics import Resolver, TemplateError, Yaml, read_map, read_text


def read_queue_sources(
    merged: Mapping[str, dict[str, Yaml]],
    functions: Mapping[str, Function],
    resources: Mapping[str, dict[str, Yaml]],
    resolver: Resolver,
) -> Iterator[QueueSource]:
    """Yield what each function with an event of the type SQS takes.

    Raises:
        TemplateError: The queue has no name here, or no dead-letter queue.
    """
    for name, properties in merged.items():
        for event in read_map(properties.get("Events"), name).values():
            if read_map(event, name).get("Type") == "SQS":
                declared = read_map(read_map(event, name).get("Properties"), name)
                yield _read_source(functions[name], declared, resources, resolver)


def _read_source(
    function: Function,
    declared: dict[str, Yaml],
    resources: Mapping[str, dict[str, Yaml]],
    resolver: Resolver,
) -> QueueSource:
    queue = read_text(declared, "Queue", function.name, resolver)
    redrive = _find_redrive(queue, resources, resolver)
    return QueueSource(
        function=function.name,
        queue=queue,
        dead_letters=read_text(redrive, "deadLetterTargetArn", function.name, resolver),
        batch_size=int(str(resolver.resolve(declared.get("BatchSize", 10)))),
        max_receives=int(str(resolver.resolve(redrive.get("maxReceiveCount")))),
        timeout=function.timeout,
    )


def _find_redrive(
    queue: str, resources: Mapping[str, dict[str, Yaml]], resolver: Resolver
) -> dict[str, Yaml]:
    for logical_id, resource in resources.items():
        if (
            resource.get("Type") == "AWS::SQS::Queue"
            and resolver.resolve({"Ref": logical_id}) == queue
        ):
            properties = read_map(resource.get("Properties"), logical_id)
            return read_map(properties.get("RedrivePolicy"), logical_id)
    raise TemplateError(f"the template has no queue {queue}")
