import { type BusRole, SUBJECTS, type SubjectRow } from './subject-table.js';
import { type Subjects, subjectsOf } from './subjects.js';

/** Who connects to the bus: one user for each host's worker, one for all masters, one for all who look on. */
export type BusUser =
  | { readonly role: 'worker'; readonly farm: string; readonly host: string }
  | { readonly role: Exclude<BusRole, 'worker'>; readonly farm: string };

/** What a user may publish and subscribe to; all else is denied. Sorted, each once. */
export interface BusPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** `main.worker.h1`, `main.master`: names have no dots, so no two users share one. */
export function busUserName(user: BusUser): string {
  return [user.farm, user.role, ...(user.role === 'worker' ? [user.host] : [])].join('.');
}

/** In front of the subjects on which a user hears JetStream's answers: nobody else may listen there. */
export function inboxPrefix(user: BusUser): string {
  return `_INBOX.${busUserName(user)}`;
}

/**
 * Follows from the table of subjects. A worker makes no consumers (it could have the server deliver what it wrote as a
 * command) and answers below its own host's reply subject, not in the askers' inboxes. A CLI has no JetStream at all: the
 * server sends an answer of JetStream wherever its asker says.
 */
export function busPermissions(user: BusUser): BusPermissions {
  const subjects = subjectsOf(user.farm);
  const publish = new Set<string>();
  const subscribe = new Set([`${inboxPrefix(user)}.>`]);
  for (const row of SUBJECTS) {
    const writes = row.writers.includes(user.role);
    const reads = row.readers.includes(user.role);
    const subject = subjectFor(row, user);
    if (writes) publish.add(subject);
    if (reads && isHeard(row, user)) subscribe.add(subject);
    if (row.kind === 'request' && writes) subscribe.add(subjects.replyAll);
    if (row.kind === 'request' && reads && user.role === 'worker') publish.add(`${subjects.reply(user.host)}.>`);
    if (writes || reads) for (const one of jetStreamCalls(row, user.role, subjects)) publish.add(one);
  }
  return { publish: [...publish].sort(), subscribe: [...subscribe].sort() };
}

function subjectFor({ subject }: SubjectRow, user: BusUser): string {
  return subject.replace('<farm>', user.farm).replace('<host>', user.role === 'worker' ? user.host : '*');
}

/** What is kept is read from where it is kept; but a worker listens for another one that writes under its name. */
function isHeard({ kind, subject }: SubjectRow, { role }: BusUser): boolean {
  switch (kind) {
    case 'core':
    case 'request':
      return true;
    case 'log':
      return role === 'worker' && subject.endsWith('.<host>');
    case 'kv':
      return false;
  }
}

/** Nobody of the farm may update, purge or delete a stream, or delete a message: that is an administrator's. */
function jetStreamCalls({ kind, stream }: SubjectRow, role: BusRole, subjects: Subjects): string[] {
  if (stream === undefined) return [];
  const name = kind === 'kv' ? `KV_${subjects[stream]}` : subjects[stream];
  const look = [`$JS.API.STREAM.INFO.${name}`, `$JS.API.STREAM.MSG.GET.${name}`];
  switch (role) {
    case 'cli':
      return [];
    case 'worker':
      return look;
    case 'master': {
      const make = ['$JS.API.INFO', ...look, `$JS.API.STREAM.CREATE.${name}`];
      const calls = [`CREATE.${name}`, `CREATE.${name}.>`, `INFO.${name}.*`, `MSG.NEXT.${name}.*`, `DELETE.${name}.*`];
      return kind === 'kv' ? make : [...make, ...calls.map((call) => `$JS.API.CONSUMER.${call}`)];
    }
  }
}
