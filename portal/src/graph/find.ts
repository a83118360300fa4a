/** What people look for in a graph. */

export function isSought({ name, domain, members }: { name: string; domain: string; members?: number }, sought: string): boolean {
  if (sought === "") return false;
  return (members === undefined ? name : domain).toLowerCase().includes(sought.toLowerCase());
}
