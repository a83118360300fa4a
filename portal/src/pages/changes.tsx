/** All changes of a span. */
import { useApi } from "../api/use.ts";
import type { Changes } from "../api/types.ts";
import { ChangeList, isUnchanged } from "../components/changes.tsx";
import { SinceDay, toMoment } from "../components/since.tsx";
import { Empty, Result } from "../components/states.tsx";
import { asOf, first } from "../location.ts";
import { daysBefore } from "../moments.ts";
import { useTitle } from "../title.ts";

const LIMIT = 100;

export function ChangesPage() {
  useTitle("Changes");
  return (
    <>
      <h1>Changes</h1>
      <ChangesOfSpan values={{}} />
    </>
  );
}

/** The changes of the span that the address names, a week if it names none; of one product, if `values` says so. */
export function ChangesOfSpan({ values }: { values: { product?: string } }) {
  const day = daysBefore(asOf.value, 7, new Date()).toISOString().slice(0, 10);
  const since = first("since") || day;
  const asked = useApi<Changes>(["changes"], {
    ...values,
    since: toMoment(since),
    until: asOf.value || null,
    limit: LIMIT,
  });
  return (
    <>
      <SinceDay since={since} />
      <Result asked={asked} what="changes">
        {(changes) =>
          isUnchanged(changes) ? (
            <Empty>Nothing has changed since {since.slice(0, 10)}. Choose an earlier day.</Empty>
          ) : (
            <>
              <ChangeList changes={changes} />
              {changes.truncated && <p>There are more than {LIMIT} of a kind. Choose a later day to see the latest.</p>}
            </>
          )
        }
      </Result>
    </>
  );
}
