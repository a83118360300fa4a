/** Where the OpenID provider leads back to. */
import { useEffect, useState } from "preact/hooks";
import { Loading } from "../components/states.tsx";
import { first, go, linkTo } from "../location.ts";
import { provider, returnFromProvider } from "../openid.ts";
import { isSigningIn } from "../session.ts";
import { useTitle } from "../title.ts";

export function CallbackPage() {
  useTitle("Sign in");
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const found = new Map(["state", "code", "iss", "error", "error_description"].map((name) => [name, first(name)]));
    // A code stays in no history.
    window.history.replaceState(null, "", window.location.pathname);
    if (!provider) return setProblem("Nobody signs in at a provider here.");
    returnFromProvider(provider, (name) => found.get(name) ?? "").then(
      (back) => go(back, true),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  }, []);
  return (
    <>
      <h1>Sign in</h1>
      {problem ? (
        <div class="state failure" role="alert">
          <p>
            <strong>You are not signed in.</strong> {problem}
          </p>
          <button type="button" onClick={() => (isSigningIn.value = true)}>
            Sign in
          </button>{" "}
          <a href={linkTo([])}>Go home</a>
        </div>
      ) : (
        <Loading what="your sign-in" />
      )}
    </>
  );
}
