import { render } from "preact";
import { App } from "./app.tsx";
import { watchKeys } from "./keys.ts";
import { watchLocation } from "./location.ts";
import { forgetWhenIdle } from "./session.ts";

watchLocation();
watchKeys();
forgetWhenIdle();
render(<App />, document.getElementById("portal")!);
