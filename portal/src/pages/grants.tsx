/** Who has which role: stewards take grants back. */
import { useState } from "preact/hooks";
import type { Grant } from "../api/access.ts";
import { write } from "../api/client.ts";
import { useApi } from "../api/use.ts";
import { DomainLink, ProductLink } from "../components/product.tsx";
import { Empty, Result } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { ACCEPTED, Refused, sortErrors } from "../edit/forms.tsx";
import { NewGrant } from "../access/new-grant.tsx";
import { formatMoment } from "../format.ts";
import { asOf, linkTo } from "../location.ts";
import { hasRole } from "../session.ts";
import { useTitle } from "../title.ts";

export function GrantsPage() {
  useTitle("Grants");
  const [version, setVersion] = useState(0);
  return (
    <>
      <h1>Grants</h1>
      <p class="facts">
        <a href={linkTo(["requests"])}>Requests for access</a>
      </p>
      <Grants key={version} changed={() => setVersion(version + 1)} />
      {!asOf.value && hasRole("steward") && <NewGrant key={`new ${version}`} changed={() => setVersion(version + 1)} />}
    </>
  );
}

function Grants({ changed }: { changed: () => void }) {
  const asked = useApi<Grant[]>(["grants"], { as_of: asOf.value });
  const [refusal, refuse] = useState(ACCEPTED);
  const revoke = async (grant: Grant) => {
    try {
      await write(["grants", grant.id], { method: "DELETE" });
      changed();
    } catch (error) {
      refuse(sortErrors(error, () => null));
    }
  };
  return (
    <Result asked={asked} what="grants">
      {(grants) =>
        grants.length === 0 ? (
          <Empty>There is no grant that you may see. Roles that keys and issuers carry are not listed here.</Empty>
        ) : (
          <>
            <Refused refusal={refusal} />
            <GrantTable grants={grants} revoke={revoke} />
          </>
        )
      }
    </Result>
  );
}

function GrantTable({ grants, revoke }: { grants: readonly Grant[]; revoke: (grant: Grant) => void }) {
  return (
    <Table caption="All grants" headings={["Who", "Role", "Of", "Ends", "Granted", ""]}>
      {grants.map((each) => (
        <tr key={each.id}>
          <th scope="row">{each.principal}</th>
          <td>{each.role}</td>
          <td>
            {each.product ? <ProductLink name={each.product} /> : each.domain === "*" ? "all domains" : <DomainLink name={each.domain} />}
          </td>
          <td>{each.expires_at ? formatMoment(each.expires_at) : "never"}</td>
          <td class="note">
            {formatMoment(each.granted_at)} by {each.granted_by}
          </td>
          <td>
            {!asOf.value && hasRole("steward", each.domain) && (
              <button type="button" class="quiet" aria-label={`Take ${each.role} of ${each.product ?? each.domain} from ${each.principal}`} onClick={() => revoke(each)}>
                Take back
              </button>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}
