/** What the API answers, as far as the pages show it. */

export type Status = "active" | "deprecated" | "inactive";

export interface Quality {
  status: "passed" | "failed";
  checked_at: string;
  failures?: { assertion: string; column: string | null }[];
}
export interface OutputPort {
  location: string;
  format: string;
  partitions?: string[];
  csv?: unknown;
}
export interface Column {
  name: string;
  type: string;
  description?: string | null;
  tags?: string[];
  required?: boolean;
  unique?: boolean;
  primary_key?: number | null;
  classification?: string | null;
  deprecated?: boolean;
  restricted?: boolean;
  physical_type?: string | null;
  physical_name?: string | null;
  enum?: (string | number | boolean)[];
  options?: Record<string, unknown> | null;
  /** The fields of an object. */
  columns?: Column[];
  /** What each value of an array is. */
  items?: Column | null;
}
export interface ServiceLevel {
  freshness?: string | null;
  latency?: string | null;
  retention?: string | null;
  element?: string | null;
}
export interface Deprecation {
  since: string;
  sunset?: string | null;
  replacement?: string | null;
  reason?: string | null;
}
export interface Contact {
  name: string;
  role?: string | null;
  email?: string | null;
}
export interface Product {
  name: string;
  domain: string;
  owner: string;
  description: string;
  schema: Record<string, string>;
  status: Status;
  version: string;
  tags: string[];
  openlineage: { namespace: string; name: string }[];
  output_port: OutputPort | null;
  visibility?: string;
  restricted_columns?: string[];
  quality: Quality | null;
  created_at: string;
  updated_at: string;
  columns?: Column[];
  dropped?: boolean;
  title?: string | null;
  contacts?: Contact[];
  links?: { title: string; url: string }[];
  support?: { channel: string; url?: string | null } | null;
  sla?: ServiceLevel | null;
  glossary_terms?: string[];
  deprecation?: Deprecation | null;
  contract?: { id: string; version: string | null; api_version: string; media_type: string } | null;
}
export interface WritingRun {
  job: { namespace: string; name: string };
  run_id: string;
  ended_at: string;
  error_message: string | null;
}
export interface Freshness {
  last_success: WritingRun | null;
  last_failure: WritingRun | null;
}
export type Way = "upstream" | "downstream";
export interface GraphNode {
  name: string;
  domain: string;
  owner: string;
  status: Status;
  distance: number;
  path_confidence: number;
  direction: Way | null;
}
export interface GraphEdge {
  id: string;
  source: string;
  target: string;
  lineage_type: string;
  confidence: number;
}
export interface LineageGraph {
  product: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  cycles: string[][];
  hidden_neighbours: Record<string, number>;
  truncated: boolean;
}
export interface ColumnGraph {
  product: string;
  nodes: { product: string; column: string; distance: number }[];
  edges: {
    id: string;
    source_product: string;
    source_column: string;
    target_product: string;
    target_column: string;
    lineage_type: string;
  }[];
  truncated: boolean;
}
export interface Impact {
  total: number;
  groups: { domain: string; owner: string; products: { name: string; distance: number; path_confidence: number }[] }[];
  truncated: boolean;
}
export interface FieldChange {
  before: unknown;
  after: unknown;
}
interface ChangedEntry {
  source: string;
  target: string;
}
export interface Changes {
  truncated: boolean;
  products: {
    added: Product[];
    removed: Product[];
    changed: { name: string; fields: Record<string, FieldChange> }[];
  };
  lineage: {
    added: ChangedEntry[];
    removed: ChangedEntry[];
    changed: (ChangedEntry & { fields: Record<string, FieldChange> })[];
  };
}
export interface Rank {
  name: string;
  downstream: number;
  upstream: number;
  reach: number;
}
export interface FoundProduct {
  name: string;
  domain: string;
  owner: string;
  title?: string | null;
  description: string;
  status: Status;
  tags: string[];
  quality: "passed" | "failed" | "unknown";
  matched: { field: string; text: string; column?: string | null }[];
}
export interface Found {
  total: number;
  results: FoundProduct[];
  facets: Record<string, { value: string; count: number }[]>;
  next_cursor: string | null;
}
export type Role = "reader" | "contributor" | "steward" | "admin";
export interface CallerGrant {
  role: Role;
  domain: string;
  product?: string | null;
  expires_at?: string | null;
}
export interface Caller {
  principal: string;
  grants: CallerGrant[];
}
export type Row = Record<string, unknown>;
