/** The search for products. */
import { type Answer, ask, type Values } from "../api/client.ts";
import type { Found } from "../api/types.ts";

export function findProducts(values: Values, signal: AbortSignal): Promise<Answer<Found>> {
  return ask<Found>(["search"], values, signal);
}
