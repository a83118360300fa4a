/** What the API answers about requests for access and grants, as far as the pages show it. */
import type { CallerGrant } from "./types.ts";

export type RequestStatus = "open" | "granted" | "refused" | "withdrawn";

export interface AccessRequest {
  id: string;
  product: string;
  domain: string;
  principal: string;
  purpose: string;
  until?: string | null;
  requested_at: string;
  status: RequestStatus;
  decided_by?: string | null;
  decided_at?: string | null;
  reason?: string | null;
  granted_until?: string | null;
}
export interface Grant extends CallerGrant {
  id: string;
  principal: string;
  granted_by: string;
  granted_at: string;
}
