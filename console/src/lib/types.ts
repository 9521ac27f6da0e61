// The API's answers: the objects that the command line prints with `--json` (docs/json.md).

export type Verdict = 'exposed' | 'suspect' | 'unknown' | 'clear';
export type Severity = 'informational' | 'low' | 'medium' | 'high' | 'critical';
export type Party = 'person' | 'service' | 'agent' | 'app' | 'anyone' | 'unknown';
export type Ability = 'read' | 'respond' | 'approve' | 'administer' | 'audit' | 'hunt';

export interface Session { name: string; role: string; via: string; csrf: string | null; expires: string; actions: Ability[] }
export interface LoginWays { provider: string | null; start: string | null }
export interface Page<T> { items: T[]; next: string | null; total: number | null }
export interface Holding { class: string; residency: string; records: number; bytes: number | null }
export interface Compromised { key: string; since: string | null; until: string | null; reason: string }

export interface Incident {
  id: string; opened: string; updated: string; severity: Severity; status: string; grounds: string[]; findings: number;
  judgements: number; sources: Compromised[]; reachable: Holding[]; crown_jewels: string[]; plan: string | null;
  gaps: string[]; joined: string[]; plans?: PlanSummary[];
}
export interface PlanSummary { id: string; status: string; made_at: string; steps: number; cost: number }
export interface Moment { at: string; what: string; text: string; severity?: Severity | null; ref?: { kind: string; id: string } | null }

export interface Note { id: string; incident: string; at: string; by: string; text: string }
export interface Finding {
  id: string; detector: string; title: string; severity: Severity; signal: string; subject: string | null;
  actor: string | null; class: string | null; first: string; at: string; events: string[]; event_count: number;
  explanation: string; techniques: string[]; muted?: string | null;
}
export interface Budget { identity: string | null; class: string | null; bytes: number; records: number; budget_bytes: number | null; budget_records: number | null; /** Of the window, in seconds. */ window_seconds: number; /** For whom the owner set it; null where it was learnt. */ set_for: string | null; share: number; learning: boolean }
export interface Mute { id: string; detector: string; about: string | null; until: string; by: string; at: string; because: string; held_back: number }
export interface Judgement {
  environment: string; profile: string; revision: number; verdict: Verdict; interval: { from: string | null; to: string | null } | null;
  decided_by: string[]; gaps: string[]; at: string | null; title?: string; owners?: string[];
}

export interface Action { name: string; target: string; parameters: Record<string, string> }
export interface Step {
  number: number; key: string; action: Action; cost: number; delay_seconds: number; reversibility: string; phase: string;
  after: number[]; undo_note: string; needs_person: boolean;
}
export interface PlanBody {
  incident: string; made_at: string; sources: Compromised[]; targets: string[]; steps: Step[]; relies_on: string[]; cost: number;
  lower_bound: number; severs: boolean; certified: boolean; part_of: string | null; irreversible: number[];
  residual: { step: number; targets: string[]; reachable: Holding[] }[];
  breaks: { step: number; key: string; count: number; identities: number; last: string | null }[];
  uncuttable: { path: string[]; missing: string }[]; gaps: string[];
}
export interface StepStand {
  number: number; key: string; state: string; attempts: number; begun: string | null; denied: string | null; settled: string | null;
  detail: string; due: string | null;
}
export interface Plan {
  plan: { id: string; body?: PlanBody } & Partial<PlanBody>; incident: string; status: string; steps?: StepStand[];
  approvals?: { by: string; at?: string; expires?: string }[];
}

export interface GraphNode {
  key: string; type: string; label: string; arrival: string | null; certain: boolean; source: boolean; crown_jewel: boolean; holdings: Holding[];
}
export interface GraphEdge { from: string; to: string; kind: string; certain: boolean }
export interface GraphAnswer { at: string | null; unknown?: string[]; nodes: GraphNode[]; edges: GraphEdge[]; next: string | null; total: number }

export interface Source { source: string; configured: boolean; inputs: number; last_event: string | null; last_received?: string | null; silent: boolean; events: number }
export interface Coverage { reaching: number; automatic: number; drilled: number; person: number; none: number; uncovered: string[] }
export interface Pause { by: string; at: string; because: string }
/** A plan in a list. */
export interface Proposed { id: string; incident: string; status: string; made_at: string; steps: number; cost: number; certified: boolean }
export interface Now {
  at: string; mode: string; policy: string; running: boolean; paused: Pause | null; incidents: Incident[];
  waiting: Proposed[]; /** Changes on a quiet day that wait for people. */ changes: ChangeMade[];
  verdicts: Record<Verdict, number>; exposed: Judgement[]; sources: Source[]; coverage: Coverage | null;
  breakers: Finding[]; budgets: Budget[]; mutes: Mute[];
  unasked: Proposed[];
  steps: Record<string, number>; totals: Record<string, number>;
}

export interface Reach { party: Party; alone: number; helped: number }
export interface Place { resource: string; label: string; records: number; bytes: number | null; crown_jewel: boolean; reach: Reach[]; touched: { by: Record<string, number>; last: string | null } | null }
export interface ClassOfData { class: string; records: number; residents: Record<string, number>; reach: Reach[]; places: Place[] }
export interface DataMap { at: string; days: number | null; classes: ClassOfData[]; gaps: string[] }

export interface MapNode { key: string; type?: string; kind?: string; label: string; party?: Party; crown_jewel?: boolean; jewels?: { jewel: string; group: string | null; certain: boolean }[] }
export interface ChangeMade {
  plan: string; title: string; purpose: string; subject: string; by: string; at: string; stage: string; approved_by: string[]; sent: string | null; watched_until: string | null;
  hurt: { identity: string; action: string; at: string; event: string; compromised?: boolean } | null;
}
export interface Asked { action: Action; reversibility: string; delay_seconds: number; used: [number, number, string | null] | null }
export interface Change extends ChangeMade { actions: Asked[]; gaps: string[]; watched: boolean }
export interface Ways { administrators: number; identities: number; data: number }
export interface Access { at: string; since: string; days: number; identities: number; proposed: number; granted: number; left: number; allowed: number; denied: number; unexplained: number; before: Ways; after: Ways; gaps: string[] }
export interface AccessBrief { identity: string; calls: number; last: string | null; granted: number; left: number; idle: boolean; gone: Ways; skipped: string | null; change: ChangeMade | null }
export interface AccessIdentity {
  at: string; days: number; identity: string; calls: number; last: string | null; granted: number; left: number; idle: boolean; used: string[]; removed: string[]; removed_count: number;
  before: { name: string; arn: string | null; document: unknown }[] | null; documents: unknown[]; fits: boolean; kept: { policy: string; action: string; why: string }[]; absent: string[];
  proof: { calls: number; allowed: number; still: number; unexplained: number; denied_calls: number }; gone: { ways: Ways; targets: string[] };
  skipped: string | null; refused: string | null; proposal: string | null; change: ChangeMade | null;
}
export interface App {
  key: string; sort: string; label: string; shadow: boolean; consented: string[]; scopes: string[]; on: string[]; credentials: string[]; reach: Record<string, number>; jewels: number;
  events: number; last: string | null; risk: string; use_known: boolean; change: ChangeMade | null;
}
export interface Usable { key: string; sort: string; label: string; name: string; events: number | null; last: string | null }
/** How an app can be let do less: by calls that its inventory names, or by limits of its keys. */
export interface Leash { actions: Action[]; keys: number; may_use: Usable[]; refused: string | null }
export interface AppWhole extends App { steps: Asked[]; gaps: string[]; refused: string | null; leash: Leash }
export interface Spender { who: string; events: number; refused: number; first: string | null; last: string | null; sent: number | null; networks: string[] }
export interface Provider {
  vendor: string; shadow: boolean; named_by: string[]; services: string[]; hosts: string[]; used_by: Spender[]; users: number; packages: { package: string; environments: string[] }[];
  keys: { credential: string; readable_in: string[]; known: boolean }[]; events: number; first: string | null; last: string | null; sent: number | null; risk: string;
}
export interface AiServices { at: string; since: string | null; days: number; use_known: boolean; providers: Provider[]; gaps: string[] }
export interface Extension { name: string; publisher: string; versions: string[]; environments: string[] }
export interface Answered { item: string; about: string; word: string; until?: string | null; by: string; at: string; because: string }
export interface Due { item: string; sort: string; about: string; on: string | null; owner: string | null; answered: Answered | null }
export interface Shared { resource: string; label: string; with: string[]; links: string[]; since: string | null; can_end: boolean; holdings: Holding[]; crown_jewel: boolean; change: ChangeMade | null }
export interface Share {
  resource: string; days: number; cuts: { action: Action; reversibility: string; delay_seconds: number }[]; keep: number; gaps: string[];
  loses: { who: string; party: Party; things: string[]; events: number | null; last: string | null }[];
}
export interface Cut { action: Action | string; cost: number; delay_seconds: number; reversibility: string; policy: string }
export interface Way { edge: string; node: string; label: string; certain: boolean; from: string | null; to: string | null; evidence: string; last_used: string | null; actions: string[]; may: string[]; cuts: Cut[] }
export interface NodeAnswer extends MapNode {
  holdings: Holding[]; cuts: Cut[];
  out: Way[]; into: Way[]; more?: number | boolean;
}
export interface Questions {
  at: string; exposures: { jewel: string; exposed: { kind: string; alone: number; helped: number; all: number }[] }[];
  neighbours: { identity: string; jewel: string; group: string | null; certain: boolean }[];
  keyrings: { packages: { package: string; environments: number; credentials: number; records: number; score: number }[] };
  choke_points: { points: { place: unknown; pairs: number; actions: Action[] }[]; pairs: number; sources: number };
  coverage: Coverage;
}
export interface Detector { name: string; title: string; severity: Severity | null; signal: string | null; techniques: string[]; product: string | null; service: string | null; findings: number; last: string | null }
export interface Technique { technique: string; detectors: string[]; findings: number }
export interface Responder { action: string; title: string; platform: string; level: string; reversibility: string; blast_radius: string; last_drill: string | null }
export interface Profile { profile: string; title: string; revision: number; verdicts: Partial<Record<Verdict, number>>; advisories: string[] }
export interface Who {
  asked: unknown; from: string | null; to: string | null; environments: number; intervals: number; untold: number; clear: number;
  forgotten_before?: string | null; had: { environment: string; thing: unknown; from: string | null; to: string | null; seen: string | null; certain: boolean; evidence: unknown; owners: string[] }[];
  untold_environments: (string | { environment: string })[];
}
export interface Entry { index: number; id: string; entry_kind: string; time: string; body: unknown }
export interface ProvenEntry extends Entry { /** Its exact bytes. */ record: string; salt: string; commitment: string; proof: string[]; size: number; root: string; checkpoint: string; key: string }
export interface Token { id: string; person: string; role: string; scopes: string[]; made: string; expires: string; revoked: string | null; token?: string }
export interface Hunt { sql: string; columns: { name: string; holds: string }[]; rows: (string | number | boolean | null)[][]; more: boolean; events: number; gaps: string[]; seconds: number }
export interface HuntSchema {
  table: string; columns: { name: string; holds: string; meaning: string }[]; functions: { form: string; meaning: string }[];
  saved: { name: string; about: string; sql: string; own: boolean }[]; rows_max: number; seconds: number;
}
export interface Policy { policy: string; mode: string; lease_hours?: number; files: { path: string; text: string }[] }
