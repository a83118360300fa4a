/** Requests for access: one's own, and those of the domains that one is a steward of. */
import { useState } from "preact/hooks";
import { RequestList } from "../access/requests.tsx";
import type { AccessRequest } from "../api/access.ts";
import { useApi } from "../api/use.ts";
import { Empty, Result } from "../components/states.tsx";
import { first, go, linkHere, linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

const STATES = ["open", "granted", "refused", "withdrawn"];

export function RequestsPage() {
  useTitle("Requests for access");
  const [version, setVersion] = useState(0);
  const status = first("status") || "open";
  return (
    <>
      <h1>Requests for access</h1>
      <div class="filters">
        <label>
          State{" "}
          <select value={status} onChange={(event) => go(linkHere({ status: event.currentTarget.value }))}>
            {STATES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <a href={linkTo(["grants"])}>Grants</a>
      </div>
      <Requests key={`${status} ${version}`} status={status} changed={() => setVersion(version + 1)} />
    </>
  );
}

function Requests({ status, changed }: { status: string; changed: () => void }) {
  const asked = useApi<AccessRequest[]>(["requests"], { status });
  return (
    <Result asked={asked} what="requests">
      {(requests) =>
        requests.length === 0 ? (
          <Empty>None is {status}. Requests are made on the page of a product, under “Access”.</Empty>
        ) : (
          <RequestList requests={requests} changed={changed} />
        )
      }
    </Result>
  );
}
