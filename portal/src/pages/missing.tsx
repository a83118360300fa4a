import { linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

export function MissingPage() {
  useTitle("No such page");
  return (
    <>
      <h1>No such page</h1>
      <p>
        There is nothing at this address. <a href={linkTo([])}>Go home</a>, or search above.
      </p>
    </>
  );
}
