/** What people have said of a product beside its description: whom to ask, what is promised, where to read on. */
import type { Product, ServiceLevel } from "../api/types.ts";
import { formatPeriod } from "../duration.ts";
import { formatMoment } from "../format.ts";
import { ProductLink } from "./product.tsx";

/** A link that leads out of the portal; an address of another kind is text. */
function OuterLink({ url, children }: { url: string; children: string }) {
  if (!/^https?:\/\//i.test(url)) return <>{children}</>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

export function DeprecationNote({ product: { status, deprecation } }: { product: Product }) {
  if (!deprecation && status !== "deprecated") return null;
  return (
    <div class="state failure" role="note" aria-label="Deprecation">
      <strong>▲ Deprecated: do not build on it.</strong>{" "}
      {deprecation?.since && `Since ${formatMoment(deprecation.since)}. `}
      {deprecation?.sunset && `It goes away on ${formatMoment(deprecation.sunset)}. `}
      {deprecation?.replacement && (
        <>
          Use <ProductLink name={deprecation.replacement} /> instead.{" "}
        </>
      )}
      {deprecation?.reason}
    </div>
  );
}

export function About({ product }: { product: Product }) {
  const { contacts = [], links = [], support, sla, glossary_terms: terms = [], openlineage: datasets } = product;
  const isEmpty = contacts.length + links.length + terms.length + datasets.length === 0 && !support && !sla;
  if (isEmpty) return null;
  return (
    <section aria-labelledby="about">
      <h2 id="about">Whom do I ask, and what is promised?</h2>
      <dl class="facts-list">
        {contacts.length > 0 && (
          <>
            <dt>Contacts</dt>
            <dd>
              {contacts.map(({ name, role, email }, index) => (
                <div key={index}>
                  {[name, role].filter(Boolean).join(", ")}
                  {email && `, ${email}`}
                </div>
              ))}
            </dd>
          </>
        )}
        {support && (
          <>
            <dt>Support</dt>
            <dd>{support.url ? <OuterLink url={support.url}>{support.channel}</OuterLink> : support.channel}</dd>
          </>
        )}
        {sla && <Level level={sla} />}
        {links.length > 0 && (
          <>
            <dt>Links</dt>
            <dd>
              {links.map(({ title, url }, index) => (
                <div key={index}>
                  <OuterLink url={url}>{title}</OuterLink>
                </div>
              ))}
            </dd>
          </>
        )}
        {terms.length > 0 && (
          <>
            <dt>Terms</dt>
            <dd>{terms.join(", ")}</dd>
          </>
        )}
        {datasets.length > 0 && (
          <>
            <dt>Datasets</dt>
            <dd>
              {datasets.map(({ namespace, name }) => (
                <div key={`${namespace} ${name}`}>
                  <code>{name}</code> <span class="note">in {namespace}</span>
                </div>
              ))}
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Level({ level: { freshness, latency, retention, element } }: { level: ServiceLevel }) {
  return (
    <>
      <dt>Promised</dt>
      <dd>
        {freshness && <div>Data at most {formatPeriod(freshness)} old</div>}
        {latency && <div>Here within {formatPeriod(latency)}</div>}
        {retention && <div>Kept for {formatPeriod(retention)}</div>}
        {element && (
          <div>
            Told from <code>{element}</code>
          </div>
        )}
      </dd>
    </>
  );
}
