import { aacFacts, audioCodec, avcFacts, type StreamHeaders, soundFacts, videoCodec } from '@dolphin/media';
import type { Client, Rate } from '../app/clients.js';
import type { ServerContext } from '../app/server.js';
import type { StreamRow } from '../app/streams.js';
import type { HlsSettings } from '../domain/hls-settings.js';
import { randomId } from '../domain/random-id.js';
import { keyText, streamUrlOf } from '../domain/stream-key.js';

interface Sums {
  clients: number;
  sentBytes: number;
  sentKbps: number;
  receivedKbps: number;
  tcUrl: string;
}

/** The vhosts, streams and clients of SRS's API, from what is there now. */
export class ApiAnswers {
  readonly #context: ServerContext;
  /** Random, as in SRS. A vhost is listed from when it is first used, and stays: at most as many as confs named. */
  readonly #vhostIds = new Map<string, string>();

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** Those that somebody used. */
  vhosts() {
    const sums = this.#sumsByStream();
    const used = new Map<string, StreamRow[]>([...this.#vhostIds.keys()].map((name) => [name, []]));
    for (const row of this.#context.streams.list()) {
      const rows = used.get(row.key.vhost);
      if (rows === undefined) used.set(row.key.vhost, [row]);
      else rows.push(row);
    }
    return [...used].map(([name, streams]) => {
      const total = { clients: 0, sent: 0, received: 0, sentKbps: 0, receivedKbps: 0 };
      for (const row of streams) {
        const sum = sums.get(keyText(row.key));
        total.clients += sum?.clients ?? 0;
        total.sent += (sum?.sentBytes ?? 0) + row.goneSentBytes;
        total.received += row.receivedBytes;
        total.sentKbps += sum?.sentKbps ?? 0;
        total.receivedKbps += sum?.receivedKbps ?? 0;
      }
      return {
        id: this.#vhostId(name),
        name,
        enabled: this.#context.settings.vhosts.get(name)?.enabled ?? false,
        clients: total.clients,
        streams: streams.filter(isActive).length,
        send_bytes: total.sent,
        recv_bytes: total.received,
        kbps: { recv_30s: total.receivedKbps, send_30s: total.sentKbps },
        hls: hlsAnswer(this.#context.settings.vhosts.get(name)?.hls ?? null),
      };
    });
  }

  streams() {
    const sums = this.#sumsByStream();
    const nowMs = Date.now();
    return this.#context.streams.list().map((row) => {
      const sum = sums.get(keyText(row.key));
      const { publisherId } = row;
      return {
        id: row.id,
        name: row.key.stream,
        vhost: this.#vhostId(row.key.vhost),
        app: row.key.app,
        tcUrl: sum?.tcUrl ?? '',
        url: streamUrlOf(row.key),
        live_ms: nowMs,
        clients: sum?.clients ?? 0,
        frames: row.videoFrames,
        send_bytes: (sum?.sentBytes ?? 0) + row.goneSentBytes,
        recv_bytes: row.receivedBytes,
        kbps: { recv_30s: sum?.receivedKbps ?? 0, send_30s: sum?.sentKbps ?? 0 },
        // A pulled stream has no publisher here: SRS names its first player, whom nobody should kick for it.
        publish: { active: isActive(row), ...(publisherId === null ? {} : { cid: publisherId }) },
        video: videoAnswer(row.headers),
        audio: audioAnswer(row),
      };
    });
  }

  clients() {
    const ids = this.#streamIds();
    const rows = [];
    for (const { client, rate } of this.#context.clients.all()) {
      if (client.key !== null) rows.push(this.#client(client, rate, ids));
    }
    return rows;
  }

  client(id: string) {
    const row = this.#context.clients.get(id);
    return row === undefined || row.client.key === null ? null : this.#client(row.client, row.rate, this.#streamIds());
  }

  #client(client: Client, rate: Rate, streamIds: ReadonlyMap<string, string>) {
    const { key } = client;
    return {
      id: client.id,
      vhost: key === null ? '' : this.#vhostId(key.vhost),
      stream: key === null ? '' : (streamIds.get(keyText(key)) ?? ''),
      ip: client.address,
      pageUrl: client.pageUrl,
      swfUrl: client.swfUrl,
      tcUrl: client.tcUrl,
      url: key === null ? '' : streamUrlOf(key),
      name: client.name,
      type: client.type,
      publish: client.type.endsWith('-publish'),
      alive: Math.round((this.#context.timers.now() - client.sinceMs) / 10) / 100,
      send_bytes: client.sentBytes,
      recv_bytes: client.receivedBytes,
      kbps: { recv_30s: rate.receivedKbps, send_30s: rate.sentKbps },
    };
  }

  #sumsByStream(): Map<string, Sums> {
    const sums = new Map<string, Sums>();
    for (const { client, rate } of this.#context.clients.all()) {
      if (client.key === null) continue;
      const text = keyText(client.key);
      let sum = sums.get(text);
      if (sum === undefined) {
        sum = { clients: 0, sentBytes: 0, sentKbps: 0, receivedKbps: 0, tcUrl: client.tcUrl };
        sums.set(text, sum);
      }
      sum.clients++;
      sum.sentBytes += client.sentBytes;
      sum.sentKbps += rate.sentKbps;
      if (client.type.endsWith('-publish')) sum.receivedKbps += rate.receivedKbps;
    }
    return sums;
  }

  #streamIds(): Map<string, string> {
    return new Map(this.#context.streams.list().map(({ key, id }) => [keyText(key), id]));
  }

  #vhostId(name: string): string {
    const known = this.#vhostIds.get(name);
    if (known !== undefined) return known;
    const made = `vid-${randomId(7, this.#context.random)}`;
    this.#vhostIds.set(name, made);
    return made;
  }
}

/** As SRS: seconds, and only where it is on. */
function hlsAnswer(hls: HlsSettings | null) {
  return hls === null ? { enabled: false } : { enabled: true, fragment: hls.fragmentMs / 1000 };
}

/** Somebody publishes it, or it is pulled and there. */
function isActive({ publisherId, isLive }: StreamRow): boolean {
  return publisherId !== null || isLive;
}

function videoAnswer({ video }: StreamHeaders) {
  if (video === null) return null;
  const facts = avcFacts(video.payload);
  return {
    codec: videoCodec(video.payload) ?? 'other',
    profile: facts?.profile ?? 'Other',
    level: facts?.level ?? 'Other',
    width: facts?.width ?? 0,
    height: facts?.height ?? 0,
  };
}

function audioAnswer({ headers: { audio }, soundByte }: StreamRow) {
  if (audio === null) return soundByte === null ? null : soundAnswer(soundByte);
  const facts = aacFacts(audio.payload);
  return {
    codec: audioCodec(audio.payload) ?? 'other',
    sample_rate: facts?.sampleRate ?? 0,
    channel: facts?.channels ?? 0,
    profile: facts?.profile ?? 'Other',
  };
}

/** Of a codec that has no sequence header: MP3, and what SRS does not tell of. */
function soundAnswer(soundByte: number) {
  const facts = soundFacts(soundByte);
  return facts && { codec: facts.codec, sample_rate: facts.sampleRate, channel: facts.channels, profile: 'Other' };
}
