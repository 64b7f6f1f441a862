/** What one edge said of itself over its private API, already without what differs between SRS versions. */
export interface EdgeFigures {
  readonly pid: number;
  readonly version: string;
  readonly uptimeMs: number;
  readonly streams: readonly {
    readonly url: string;
    /** Viewers and publishers. */
    readonly clients: number;
    /** Null: not asked for, or not told. */
    readonly publishers: number | null;
    /** Over the last 30 s; 0 at first. */
    readonly sendKbitPerS: number;
    /** On an edge: it pulls. On an origin: somebody publishes. */
    readonly active: boolean;
    readonly video: string | null;
    readonly audio: string | null;
  }[];
}

/**
 * `unreachable`: nobody listens, the process is gone. `silent`: no answer in time, or one that says no: it may be busy, or
 * full, for SRS counts API calls as connections. `elsewhere`: it was not asked, because its API is on the loopback of
 * another machine.
 */
export type EdgeAnswer =
  | { readonly answered: true; readonly ms: number; readonly figures: EdgeFigures }
  | { readonly answered: false; readonly failure: 'unreachable' | 'silent' | 'elsewhere'; readonly why: string };
