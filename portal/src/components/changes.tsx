/** Changes as a list: what came, went and became otherwise. */
import type { Changes, FieldChange } from "../api/types.ts";
import { formatValue } from "../format.ts";
import { ProductLink } from "./product.tsx";

export function isUnchanged({ products, lineage }: Changes): boolean {
  return [products, lineage].every((each) => each.added.length + each.removed.length + each.changed.length === 0);
}

export function ChangeList({ changes, brief = false }: { changes: Changes; brief?: boolean }) {
  const { products, lineage } = changes;
  return (
    <ul class="changes">
      {products.added.map(({ name }) => (
        <li key={`+${name}`}>
          <span class="sign">+</span> <ProductLink name={name} /> was registered
        </li>
      ))}
      {products.changed.map(({ name, fields }) => (
        <li key={`~${name}`}>
          <span class="sign">~</span> <ProductLink name={name} />: {Object.keys(fields).join(", ")}
          {!brief && <FieldChanges fields={fields} />}
        </li>
      ))}
      {products.removed.map(({ name }) => (
        <li key={`-${name}`}>
          <span class="sign">−</span> {name} was deleted
        </li>
      ))}
      {!brief && <LineageChanges lineage={lineage} />}
    </ul>
  );
}

function LineageChanges({ lineage }: { lineage: Changes["lineage"] }) {
  const entries = [
    ...lineage.added.map((each) => ["+", each, "now feeds"] as const),
    ...lineage.changed.map((each) => ["~", each, "feeds otherwise"] as const),
    ...lineage.removed.map((each) => ["−", each, "no longer feeds"] as const),
  ];
  return (
    <>
      {entries.map(([sign, entry, verb], index) => (
        <li key={`${sign}${index}`}>
          <span class="sign">{sign}</span> <ProductLink name={entry.source} /> {verb} <ProductLink name={entry.target} />
          {"fields" in entry && <FieldChanges fields={entry.fields as Record<string, FieldChange>} />}
        </li>
      ))}
    </>
  );
}

function FieldChanges({ fields }: { fields: Record<string, FieldChange> }) {
  return (
    <dl class="fields">
      {Object.entries(fields).map(([field, { before, after }]) => (
        <div key={field}>
          <dt>{field}</dt>
          <dd>
            <del>{formatValue(before)}</del> <ins>{formatValue(after)}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}
