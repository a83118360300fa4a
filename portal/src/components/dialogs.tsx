/** The dialogs: keys, and signing in. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Signal } from "@preact/signals";
import { ApiError, askWho } from "../api/client.ts";
import type { Caller } from "../api/types.ts";
import { carryOver } from "../edit/kept.ts";
import { leaveForProvider, provider } from "../openid.ts";
import { isHelpOpen, KEYS } from "../keys.ts";
import { isSigningIn, signIn } from "../session.ts";

export function Dialogs() {
  return (
    <>
      <Dialog open={isHelpOpen} title="Keys">
        <dl class="keys">
          {KEYS.map(([key, meaning]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      </Dialog>
      <Dialog open={isSigningIn} title="Sign in">
        <SignIn />
      </Dialog>
    </>
  );
}

function Dialog({ open, title, children }: { open: Signal<boolean>; title: string; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open.value]);
  return (
    <dialog ref={dialog} aria-label={title} onClose={() => (open.value = false)}>
      {open.value && (
        <>
          <h2>{title}</h2>
          {children}
          <button type="button" class="quiet" onClick={() => (open.value = false)}>
            Close
          </button>
        </>
      )}
    </dialog>
  );
}

function SignIn() {
  const [problem, setProblem] = useState("");
  const [isAsking, setAsking] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const key = String(form.get("key")).trim();
    setAsking(true);
    setProblem("");
    try {
      const { principal, grants } = await askWho<Caller>(key);
      signIn({ key, principal, grants }, form.has("keep"));
      isSigningIn.value = false;
    } catch (error) {
      const refused = error instanceof ApiError && [401, 403].includes(error.status);
      setProblem(refused ? "The registry does not know this key. Ask its administrator for one." : String(error));
    } finally {
      setAsking(false);
    }
  };
  const leave = async (event: Event) => {
    const keep = new FormData((event.currentTarget as HTMLButtonElement).form!).has("keep");
    setAsking(true);
    try {
      carryOver();
      await leaveForProvider(provider!, keep);
    } catch (error) {
      setProblem(`The provider cannot be asked. ${error instanceof Error ? error.message : String(error)}`);
      setAsking(false);
    }
  };
  return (
    <form class="sign-in" onSubmit={submit}>
      {provider && (
        <>
          <button type="button" onClick={leave} disabled={isAsking}>
            Sign in at {new URL(provider.issuer).host}
          </button>
          <p class="note">Or with a key:</p>
        </>
      )}
      <label for="key">Key of the API</label>
      <input id="key" name="key" type="password" autocomplete="off" required autofocus />
      <label class="check">
        <input type="checkbox" name="keep" /> Keep it until this tab is closed
      </label>
      <p class="note">Without that it is forgotten when the page is loaded again, and after 15 minutes without you.</p>
      {problem && <p role="alert">{problem}</p>}
      <button type="submit" disabled={isAsking}>
        Sign in
      </button>
    </form>
  );
}
