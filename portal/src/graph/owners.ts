/** The people behind what is made of a product. */
import type { Impact, Product } from "../api/types.ts";

/** Contacts are asked of so many products, the nearest: each is a request. */
export const MOST_CONTACTS = 25;
const MOST_ADDRESSES = 50;
const ADDRESS = /^[^\s@,;:<>"]+@[^\s@,;:<>"]+$/;

export interface OwnerOfMany {
  readonly owner: string;
  readonly products: readonly { readonly name: string; readonly distance: number }[];
}

/** Return owners with their products, whoever is nearest first. */
export function listOwners({ groups }: Impact): OwnerOfMany[] {
  const found = new Map<string, { name: string; distance: number }[]>();
  for (const { owner, products } of groups) found.set(owner, [...(found.get(owner) ?? []), ...products]);
  const owners = [...found].map(([owner, products]) => ({ owner, products: products.toSorted((a, b) => a.distance - b.distance) }));
  return owners.sort((a, b) => a.products[0]!.distance - b.products[0]!.distance || (a.owner < b.owner ? -1 : 1));
}

/** Return the mail addresses of owners and contacts, each once. */
export function findAddresses(owners: readonly OwnerOfMany[], products: Iterable<Product>): string[] {
  const contacts = [...products].flatMap((each) => (each.contacts ?? []).map(({ email }) => email ?? ""));
  const texts = [...owners.map(({ owner }) => owner), ...contacts];
  return [...new Set(texts.filter((each) => ADDRESS.test(each)))].slice(0, MOST_ADDRESSES);
}
