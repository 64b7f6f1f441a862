import { type AmfObject, type AmfValue, EcmaArray } from './amf0.js';
import { commandMessage, controlMessage, dataMessage, userControlMessage } from './commands.js';
import { ChunkStream, MESSAGE_STREAM_ID, MessageType, type RtmpMessage, UserControl } from './rtmp-message.js';
import type { SessionOutput } from './session-output.js';

/** SRS's number, for the window and the bandwidth. */
export const WINDOW_BYTES = 2_500_000;
const DYNAMIC = 2;

/** What SRS sends, and some players look for. */
const CLIENT_ID = { clientid: 'ASAICiss' };
const PLAY_EXTRA = { details: 'stream', ...CLIENT_ID };

/** What a server says to its client, in SRS's words and order. */
export class ServerAnswers {
  readonly #output: SessionOutput;

  constructor(output: SessionOutput) {
    this.#output = output;
  }

  /** All that goes in front of, and with, the consent to connect. */
  welcome(
    transaction: number,
    o: { windowAckSize: number; chunkSize: number; objectEncoding: number; serverInfo: AmfObject },
  ): void {
    if (o.windowAckSize > 0) this.#control(controlMessage(MessageType.windowAckSize, o.windowAckSize));
    const bandwidth = controlMessage(MessageType.setPeerBandwidth, WINDOW_BYTES);
    this.#control({ ...bandwidth, payload: Buffer.concat([bandwidth.payload, Buffer.from([DYNAMIC])]) });
    // Before any answer above 128 bytes, or OBS does not understand it (SRS, service_cycle).
    this.#output.setChunkSize(o.chunkSize);
    this.result(
      transaction,
      { fmsVer: 'FMS/3,5,3,888', capabilities: 127, mode: 1 },
      {
        ...statusInfo('status', 'NetConnection.Connect.Success', 'Connection succeeded'),
        objectEncoding: o.objectEncoding,
        data: new EcmaArray({ version: '3,5,3,888', ...o.serverInfo }),
      },
    );
    this.#command(commandMessage(0, 'onBWDone', 0, null));
  }

  connectRejected(transaction: number, why: string, redirect: string | undefined): void {
    const info = statusInfo('error', 'NetConnection.Connect.Rejected', why);
    const ex = redirect === undefined ? {} : { ex: { code: 302, redirect } };
    this.#command(commandMessage(0, '_error', transaction, null, { ...info, ...ex }));
  }

  playing(): void {
    this.#control(userControlMessage(UserControl.streamBegin, MESSAGE_STREAM_ID));
    this.status('status', 'NetStream.Play.Reset', 'Playing and resetting stream.', PLAY_EXTRA);
    this.status('status', 'NetStream.Play.Start', 'Started playing stream.', PLAY_EXTRA);
    this.#onStream(dataMessage(MESSAGE_STREAM_ID, '|RtmpSampleAccess', true, true));
    this.#onStream(dataMessage(MESSAGE_STREAM_ID, 'onStatus', { code: 'NetStream.Data.Start' }));
  }

  paused(on: boolean): void {
    if (on) this.status('status', 'NetStream.Pause.Notify', 'Paused stream.');
    else this.status('status', 'NetStream.Unpause.Notify', 'Unpaused stream.');
    this.#control(userControlMessage(on ? UserControl.streamEof : UserControl.streamBegin, MESSAGE_STREAM_ID));
  }

  /** `fcPublish`: the client announced its stream, and may wait for this answer, too. */
  publishing(fcPublish: boolean): void {
    const words = ['status', 'NetStream.Publish.Start', 'Started publishing stream.'] as const;
    if (fcPublish) this.#command(commandMessage(MESSAGE_STREAM_ID, 'onFCPublish', 0, null, statusInfo(...words)));
    this.status(...words, CLIENT_ID);
  }

  /** The answer to FCUnpublish, with its transaction if it has one. */
  unpublished(transaction: number): void {
    const words = ['status', 'NetStream.Unpublish.Success', 'Stop publishing stream.'] as const;
    this.#command(commandMessage(MESSAGE_STREAM_ID, 'onFCUnpublish', 0, null, statusInfo(...words)));
    if (transaction > 0) this.result(transaction, null, undefined);
    this.status(...words, CLIENT_ID);
  }

  status(level: 'status' | 'error', code: string, why: string, extra: AmfObject = {}): void {
    this.#onStream(
      commandMessage(MESSAGE_STREAM_ID, 'onStatus', 0, null, { ...statusInfo(level, code, why), ...extra }),
    );
  }

  result(transaction: number, ...values: AmfValue[]): void {
    this.#command(commandMessage(0, '_result', transaction, ...values));
  }

  #onStream(m: RtmpMessage): void {
    this.#output.message(m, ChunkStream.streamCommand);
  }

  #command(m: RtmpMessage): void {
    this.#output.message(m, ChunkStream.command);
  }

  #control(m: RtmpMessage): void {
    this.#output.message(m, ChunkStream.control);
  }
}

function statusInfo(level: 'status' | 'error', code: string, description: string): AmfObject {
  return { level, code, description };
}
