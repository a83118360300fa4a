/** Return the edges that lead back to where a walk in depth came from: without them there is no cycle. */
export function findBackEdges(count: number, ends: readonly (readonly [number, number] | null)[]): Set<number> {
  const out: [number, number][][] = Array.from({ length: count }, () => []);
  const incoming = new Array<number>(count).fill(0);
  ends.forEach((end, edge) => {
    if (!end) return;
    out[end[0]]!.push([end[1], edge]);
    incoming[end[1]]! += 1;
  });
  const state = new Uint8Array(count); // 1 while it is walked through, 2 afterwards
  const back = new Set<number>();
  // Sources first: only what no source leads to begins in the middle of a cycle.
  const starts = [...Array(count).keys()].sort((a, b) => Number(incoming[a]! > 0) - Number(incoming[b]! > 0));
  for (const start of starts) {
    if (state[start]) continue;
    state[start] = 1;
    const path = [{ node: start, next: 0 }];
    while (path.length > 0) {
      const top = path.at(-1)!;
      const step = out[top.node]![top.next++];
      if (!step) {
        state[top.node] = 2;
        path.pop();
      } else if (state[step[0]] === 1) back.add(step[1]);
      else if (state[step[0]] === 0) {
        state[step[0]] = 1;
        path.push({ node: step[0], next: 0 });
      }
    }
  }
  return back;
}
