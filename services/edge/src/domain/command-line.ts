import { DOLPHIN_VERSION } from '@dolphin/protocol/plain.js';

export const USAGE = `usage: dolphin-edge -c CONF        serve what the conf says
       dolphin-edge -t -c CONF     test the conf and exit
       dolphin-edge -v | -V        print the version
       dolphin-edge -g | -G        print the server's signature
       dolphin-edge -h | -?        print this help
`;

export type EdgeCommand =
  | { do: 'run' | 'test'; conf: string }
  | { do: 'version' | 'signature' | 'help' }
  | { do: 'refuse'; why: string };

/**
 * The command line of SRS 5 (srs_app_config.cpp, parse_argv), to its corners: letters of one dash stand together, a
 * word without a dash asks for help, and what comes later than a call for help takes it back. What it does not know is refused (exit 255). Settings from the environment (-e) are not there.
 */
export function parseEdgeFlags(argv: readonly string[]): EdgeCommand {
  const seen = { help: argv.length === 0, version: false, signature: false, test: false, env: false };
  let conf = '';
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!word.startsWith('-')) {
      seen.help = true;
      continue;
    }
    letters: for (let at = 1; at < word.length; at++) {
      const letter = word[at];
      if (letter === '-') continue;
      seen.help = letter === 'h' || letter === '?';
      switch (letter) {
        case 'h':
        case '?':
          break letters;
        case 'v':
        case 'V':
          seen.version = true;
          break letters;
        case 'g':
        case 'G':
          seen.signature = true;
          break;
        case 't':
          seen.test = true;
          break;
        case 'e':
          seen.env = true;
          break;
        case 'c': {
          const file = argv[++i];
          // SRS takes what stands right behind for the file, and for more options as well.
          if (file === undefined || at + 1 < word.length)
            return { do: 'refuse', why: '-c wants a file, as the next word' };
          conf = file;
          break letters;
        }
        default:
          return { do: 'refuse', why: `unknown option ${letter} in ${word}` };
      }
    }
  }
  if (seen.help) return { do: 'help' };
  if (seen.version) return { do: 'version' };
  if (seen.signature) return { do: 'signature' };
  if (seen.env) return { do: 'refuse', why: '-e: settings are not read from the environment, only from a conf' };
  if (conf === '') return { do: 'refuse', why: '-c is missing' };
  return { do: seen.test ? 'test' : 'run', conf };
}

/** `-v` and `-g`, as SRS prints its own. */
export function versionText(what: 'version' | 'signature'): string {
  return what === 'signature' ? `dolphin-edge/${DOLPHIN_VERSION}` : DOLPHIN_VERSION;
}
