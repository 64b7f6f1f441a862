import type { ConnectEvent, ServerEvent } from '@dolphin/media';
import { DOLPHIN_VERSION } from '@dolphin/protocol/plain.js';
import type { Player } from '../app/player.js';
import type { StreamKey } from '../domain/stream-key.js';
import type { RtmpPublishing } from './rtmp-publishing.js';

/** From the first byte to the end of the handshake and connect. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** From connect to play or publish (SRS: SRS_CONSTS_RTMP_TIMEOUT). */
export const IDLE_TIMEOUT_MS = 30_000;
/** From the end of a stream to the next (SRS: SRS_REPUBLISH_RECV_TIMEOUT, SRS_PAUSED_RECV_TIMEOUT). */
export const NEXT_STREAM_TIMEOUT_MS = 180_000;

/** What every client is told at connect. */
export const SERVER_INFO = { dolphin: DOLPHIN_VERSION };

/** What is remembered of a client's connect. */
export type SaidAtConnect = Pick<ConnectEvent, 'vhost' | 'hops' | 'args' | 'isProbe'>;
export const NOTHING_SAID: SaidAtConnect = { vhost: '', hops: [], args: {}, isProbe: false };

/** Its arguments only if somebody is asked about it: they may be 64 KiB of values, for as long as it stays. */
export function saidAtConnect({ vhost, hops, isProbe, args }: ConnectEvent, isAskedAbout: boolean): SaidAtConnect {
  return { vhost, hops, isProbe, args: isAskedAbout ? args : NOTHING_SAID.args };
}

/** It is an edge of many viewers. A viewer can claim hops, too; those of this host come through no pod. */
export function asksForMany({ hops, isProbe }: SaidAtConnect, isOfThisHost: boolean): boolean {
  return hops.length > 0 && !isProbe && isOfThisHost;
}

/** For a later turn: the payload that came with a read may be gone by then. */
export function kept(event: ServerEvent): ServerEvent {
  if (event.type !== 'media') return event;
  return { ...event, message: { ...event.message, payload: Buffer.from(event.message.payload) } };
}

/** What an RTMP client is doing. */
export type RtmpClientState =
  | { is: 'new' }
  | { is: 'connected' }
  /** Whether it may play or publish is being asked; `later` is what it said along, in the same read. */
  | { is: 'asking'; later: ServerEvent[] }
  | { is: 'playing'; key: StreamKey; player: Player }
  | { is: 'publishing'; publishing: RtmpPublishing }
  /** It was told goodbye. */
  | { is: 'over' };
