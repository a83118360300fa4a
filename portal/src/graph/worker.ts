/** The layout of a large graph, off the thread that draws. */
import { layOut, type LayoutEdge, type Sizes } from "./layout.ts";

export interface LayoutQuestion {
  names: readonly string[];
  edges: readonly LayoutEdge[];
  sizes: Sizes;
}

self.onmessage = ({ data }: MessageEvent<LayoutQuestion>) => {
  self.postMessage(layOut(data.names, data.edges, data.sizes));
};
