/** The profile of a product's data. It reads all of its files, so that it is made when somebody asks for it. */
import type { Profile } from "../api/checks.ts";
import type { Product } from "../api/types.ts";
import { useApi } from "../api/use.ts";
import { formatBytes, formatCount } from "../format.ts";
import { first, linkHere } from "../location.ts";
import { Result } from "./states.tsx";
import { Table } from "./table.tsx";

export function ProfileOf({ product }: { product: Product }) {
  const isOpen = first("profile") === "1";
  return (
    <section aria-labelledby="profile">
      <h2 id="profile">Profile</h2>
      {isOpen ? (
        <Profiled product={product} />
      ) : (
        <p>
          <a href={linkHere({ profile: 1 })}>Profile the data of now</a>{" "}
          <span class="note">reads all its files: rows, nulls, different values, least and greatest</span>
        </p>
      )}
    </section>
  );
}

function Profiled({ product }: { product: Product }) {
  const asked = useApi<Profile>(["domains", product.domain, product.name, "profile"]);
  return (
    <Result asked={asked} what="profile">
      {(profile) => (
        <>
          <p>
            {formatCount(profile.rows, "row")} in {formatCount(profile.files, "file")}, {formatBytes(profile.bytes)}
            {profile.skipped_files ? `; ${formatCount(profile.skipped_files, "file")} of the folder are no data` : ""}.
          </p>
          {profile.failures.map((each, index) => (
            <p key={index} class="warning">
              <span aria-hidden="true">✗</span> {each.assertion} {each.column && <code>{each.column}</code>}
            </p>
          ))}
          <ProfileTable profile={profile} name={product.name} />
        </>
      )}
    </Result>
  );
}

function ProfileTable({ profile, name }: { profile: Profile; name: string }) {
  const share = (nulls: number) => (profile.rows ? ` (${Math.round((100 * nulls) / profile.rows)} %)` : "");
  return (
    <Table caption={`Profile of ${name}`} headings={["Column", "Type", "Nulls", "Different", "Least", "Greatest"]} numbers={["Nulls", "Different"]}>
      {profile.columns.map((each) => (
        <tr key={each.name}>
          <th scope="row">{each.name}</th>
          <td>
            <code>{each.type ?? each.registered}</code>
            {!each.registered && <span class="badge boxed">not registered</span>}
          </td>
          <td class="number">
            {each.nulls.toLocaleString("en")}
            {each.nulls > 0 && share(each.nulls)}
          </td>
          <td class="number">
            {each.distinct_is_approximate && "about "}
            {each.distinct?.toLocaleString("en")}
          </td>
          <td>{each.min}</td>
          <td>{each.max}</td>
        </tr>
      ))}
    </Table>
  );
}
