/** The name of the worker's file, which the build fills in. */
declare const WORKER_FILE: string;

interface JSON {
  /** A number as it is written; JSON.stringify leaves it so. Older browsers have none. */
  rawJSON?(text: string): object;
}

interface TrustedScriptURL {
  toString(): string;
}
interface Window {
  trustedTypes?: {
    createPolicy(
      name: string,
      rules: { createScriptURL(address: string): string },
    ): { createScriptURL(address: string): TrustedScriptURL };
  };
}
