/** The layout of a graph: at once for a small one, in a worker for others. */
import { type Layout, layOut } from "./layout.ts";
import type { LayoutQuestion } from "./worker.ts";

const MOST_AT_ONCE = 60;

const address = new URL(WORKER_FILE, import.meta.url).href;
const policy = window.trustedTypes?.createPolicy("portal", {
  createScriptURL: (asked) => {
    if (asked !== address) throw new TypeError("no script of the portal");
    return asked;
  },
});

export function computeLayout(question: LayoutQuestion, signal: AbortSignal): Promise<Layout> {
  if (question.names.length <= MOST_AT_ONCE) {
    return Promise.resolve(layOut(question.names, question.edges, question.sizes));
  }
  return new Promise((resolve, reject) => {
    const trusted = policy ? policy.createScriptURL(address) : address;
    const worker = new Worker(trusted as string, { type: "module" });
    signal.addEventListener("abort", () => worker.terminate());
    worker.onmessage = ({ data }: MessageEvent<Layout>) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = () => reject(new Error("the layout of the graph failed; load the page again"));
    worker.postMessage(question);
  });
}
