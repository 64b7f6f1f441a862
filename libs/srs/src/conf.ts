/** `@dolphin/srs/conf.js`: confs alone, without the API and its schemas. An edge loads no more, and is there sooner. */
export { loadConf, MAX_INCLUDES } from './conf-load.js';
export { modernizeConf } from './conf-modernize.js';
export { MAX_CONF_CHARS, MAX_CONF_DEPTH, MAX_CONF_DIRECTIVES, parseConf } from './conf-parser.js';
export { printConf } from './conf-printer.js';
export { ConfError, type Directive, directive, findDirective } from './conf-tree.js';
export { ConfView, parseListen } from './conf-view.js';
