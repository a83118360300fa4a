"""The scheduled check of the products that ask for it."""

from datamesh.http.entrypoint import Work
from datamesh.models.products import Product
from datamesh.services.context import RequestContext

SCHEDULED_SECONDS = 210.0
"""How long a run goes on beginning checks: below the function's 300 s by more than one takes."""
CHECK_SECONDS = 40.0
"""How long a check may begin attempts at storage; nobody waits for it."""


def check_daily(work: Work) -> dict[str, int]:
    """Check the products that ask for a daily check, as `POST .../check` does.

    `time` of the event is when the run was due.
    """
    # Nothing of it is needed by requests, whose function imports this file too.
    from datamesh.services.checks import daily
    from datamesh.services.checks.runs import check_quality

    resources = work.resources
    runs = resources.open_quality_runs()

    def check_product(product: Product) -> int:
        def check(context: RequestContext) -> None:
            check_quality(
                context,
                resources.registry,
                resources.data,
                runs,
                product,
                resources.list_checks,
            )

        return work.run_part(f"/domains/{product.domain}/{product.name}/check", check)

    run = daily.check_daily(
        work.context,
        resources.registry,
        daily.DailyProgress(runs.open_object, runs.backoff),
        check_product,
        work.due.date(),
    )
    return {"checked": run.checked, "failed": run.failed, "left": run.left}
