import type { Command } from 'commander';

export interface DoctorAsked {
  readonly verb: 'doctor';
}

export function addDoctorVerb(verb: Command, take: (asked: DoctorAsked, json: boolean | undefined) => void): void {
  verb.action((o: { json?: boolean }) => take({ verb: 'doctor' }, o.json));
}
