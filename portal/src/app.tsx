/** The frame of every page: head, search, the moment that is looked at, and the page itself. */
import type { ComponentType } from "preact";
import { Dialogs } from "./components/dialogs.tsx";
import { address, asOf, first, go, linkHere, linkTo, ROOT } from "./location.ts";
import { AccessPage } from "./pages/access.tsx";
import { CallbackPage } from "./pages/callback.tsx";
import { ChangesPage } from "./pages/changes.tsx";
import { DataPage } from "./pages/data.tsx";
import { HistoryPage } from "./pages/history.tsx";
import { HomePage } from "./pages/home.tsx";
import { EditPage } from "./pages/edit.tsx";
import { GrantsPage } from "./pages/grants.tsx";
import { HealthPage } from "./pages/health.tsx";
import { JobPage } from "./pages/job.tsx";
import { JobsPage } from "./pages/jobs.tsx";
import { LineagePage } from "./pages/lineage.tsx";
import { ListPage } from "./pages/list.tsx";
import { MissingPage } from "./pages/missing.tsx";
import { NewPage } from "./pages/new.tsx";
import { PathPage } from "./pages/path.tsx";
import { ProductPage } from "./pages/product.tsx";
import { QualityPage } from "./pages/quality.tsx";
import { RequestsPage } from "./pages/requests.tsx";
import { RunPage } from "./pages/run.tsx";
import { SchemaPage } from "./pages/schema.tsx";
import { SearchPage } from "./pages/search.tsx";
import { isHelpOpen } from "./keys.ts";
import { hasRole, isSigningIn, session, signOut } from "./session.ts";

type Page = ComponentType<{ name: string }>;

/** First segment -> the page; of a product, the last one -> the page. */
const PAGES: Record<string, Page> = {
  search: SearchPage,
  changes: ChangesPage,
  jobs: JobsPage,
  path: PathPage,
  health: HealthPage,
  new: NewPage,
  callback: CallbackPage,
  requests: RequestsPage,
  grants: GrantsPage,
};
const OF_PRODUCT: Record<string, Page> = {
  "": ProductPage,
  schema: SchemaPage,
  lineage: LineagePage,
  data: DataPage,
  quality: QualityPage,
  history: HistoryPage,
  edit: EditPage,
  access: AccessPage,
};

function choosePage(segments: readonly string[]): { page: Page; name: string } {
  const [kind = "", name = "", part = ""] = segments;
  if (segments.length === 0) return { page: HomePage, name };
  if (kind === "p" && name && segments.length <= 3) return { page: OF_PRODUCT[part] ?? MissingPage, name };
  if (["d", "o", "t"].includes(kind) && name && segments.length === 2) return { page: ListPage, name };
  if (kind === "jobs" && segments.length === 3) return { page: JobPage, name };
  if (kind === "runs" && segments.length === 2) return { page: RunPage, name };
  if (segments.length === 1) return { page: PAGES[kind] ?? MissingPage, name };
  return { page: MissingPage, name };
}

export function App() {
  const { page: Page, name } = choosePage(address.value.segments);
  return (
    <>
      <a class="skip" href="#content">
        To the content
      </a>
      <Head />
      <Moment />
      <main id="content" tabIndex={-1}>
        <Page key={address.value.segments.join("/")} name={name} />
      </main>
      <footer>
        <a href={linkTo(["changes"])}>Changes</a>
        {hasRole("contributor") && <a href={linkTo(["new"])}>Register a product</a>}
        {session.value && <a href={linkTo(["requests"])}>Requests</a>}
        <a href={linkTo(["jobs"])}>Jobs</a>
        <a href={linkTo(["path"])}>Path</a>
        <a href={linkTo(["health"])}>Health</a>
        <a href={`${ROOT}docs`} target="_blank" rel="noopener">
          API documentation
        </a>
        <button type="button" class="quiet" onClick={() => (isHelpOpen.value = true)}>
          Keys <kbd>?</kbd>
        </button>
      </footer>
      <Dialogs />
    </>
  );
}

function Head() {
  const search = (event: Event) => {
    event.preventDefault();
    const box = (event.currentTarget as HTMLFormElement).elements.namedItem("q") as HTMLInputElement;
    go(linkTo(["search"], { q: box.value.trim() }));
  };
  return (
    <header>
      <a class="brand" href={linkTo([])}>
        Data mesh registry
      </a>
      <form role="search" onSubmit={search}>
        <label class="hidden" for="search-box">
          Search for products
        </label>
        <input
          id="search-box"
          name="q"
          type="search"
          autocomplete="off"
          placeholder="Search: names, columns, tags, owners"
          value={first("q")}
          maxLength={200}
        />
        <button type="submit">Search</button>
      </form>
      {session.value ? (
        <span class="who">
          <span>{session.value.principal}</span>
          <button type="button" class="quiet" onClick={() => signOut()}>
            Sign out
          </button>
        </span>
      ) : (
        <button type="button" class="quiet" onClick={() => (isSigningIn.value = true)}>
          Sign in
        </button>
      )}
    </header>
  );
}

function Moment() {
  const moment = asOf.value;
  if (!moment) return null;
  return (
    <p class="moment" role="status">
      You see the registry as of <strong>{moment}</strong>. <a href={linkHere({ as_of: null })}>Show the present</a>
    </p>
  );
}
