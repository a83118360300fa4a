"""Edit jobs as Marquez' clients do: their tags, and whether they are shown."""

from datamesh.errors.access import ForeignNamespaces
from datamesh.errors.events import JobRegisteredByHand
from datamesh.errors.lineage import NodeNotFound
from datamesh.services.context import RequestContext
from datamesh.services.jobs.edits import hide_job, tag_job
from datamesh.services.jobs.recording import OpenJob
from datamesh.services.jobs.writers import JobName
from datamesh.services.marquez.declarations import DeclarationsDocument, declare_unknown_tag
from datamesh.services.marquez.index import open_index
from datamesh.services.registry.registry import Registry


class JobEditor:
    """Edits the job of a name, if the caller may see it.

    Raises NodeNotFound if there is none, ForeignNamespaces if the caller may not send its events,
    and JobRegisteredByHand if no event has told of it.
    """

    def __init__(
        self,
        context: RequestContext,
        registry: Registry,
        shown: Registry,
        open_job: OpenJob,
        name: JobName,
    ) -> None:
        # Before it is known whether there is such a job: it may be of private products alone.
        if foreign := context.permissions.find_foreign_namespaces([name[0]], {}):
            raise ForeignNamespaces(context.principal, foreign)
        job = open_index(context, shown).find_job(*name)
        if job is None:
            raise NodeNotFound("job", name[1], name[0])
        if job.record is None:
            raise JobRegisteredByHand(name[1])
        self._context = context
        self._registry = registry
        self._open_job = open_job
        self._name = name

    def edit_tag(
        self, declarations: DeclarationsDocument, seen_by_all: Registry, tag: str, *, adds: bool
    ) -> None:
        """Give the job a tag, or take it away.

        A new tag is listed with all tags from then on, unless the job is one that not everybody may
        see. Raises TooManyTags, LimitReached, and what a commit raises.
        """
        if adds and open_index(self._context, seen_by_all).find_job(*self._name):
            declare_unknown_tag(self._context, declarations, tag)
        tag_job(self._context, self._registry, self._open_job, self._name, tag, adds=adds)

    def hide(self) -> None:
        """Hide the job until an event says something new of it. Raises what a commit raises."""
        hide_job(self._context, self._registry, self._open_job, self._name)
