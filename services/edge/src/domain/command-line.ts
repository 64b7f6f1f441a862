import { DOLPHIN_VERSION } from '@dolphin/protocol/plain.js';

export const USAGE = `usage: dolphin-edge -c CONF        serve what the conf says
       dolphin-edge -t -c CONF     test the conf and exit
       dolphin-edge -v | -V        print the version
       dolphin-edge -g             print the server's signature
`;

export type EdgeCommand =
  | { do: 'run' | 'test'; conf: string }
  | { do: 'version'; long: boolean }
  | { do: 'usage'; why: string };

/** The command line of SRS 5; what it does not know is an error (exit 255). */
export function parseEdgeFlags(argv: readonly string[]): EdgeCommand {
  let conf: string | undefined;
  let test = false;
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i];
    switch (arg) {
      case '-c':
        conf = argv[++i];
        if (conf === undefined) return { do: 'usage', why: '-c wants a file' };
        break;
      case '-t':
        test = true;
        break;
      case '-v':
      case '-V':
        return { do: 'version', long: false };
      case '-g':
        return { do: 'version', long: true };
      case '-h':
      case '-?':
      case '--help':
        return { do: 'usage', why: '' };
      default:
        return { do: 'usage', why: `unknown option ${arg}` };
    }
  }
  return conf === undefined ? { do: 'usage', why: '-c is missing' } : { do: test ? 'test' : 'run', conf };
}

export function versionText(long: boolean): string {
  return long ? `dolphin-edge/${DOLPHIN_VERSION}` : DOLPHIN_VERSION;
}
