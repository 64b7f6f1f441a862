export { SrsApi, SrsApiError, type SrsApiErrorCode } from './api-client.js';
export {
  SrsAnswer,
  SrsClient,
  SrsClients,
  SrsIndex,
  SrsReloadState,
  SrsSelfProcStats,
  SrsStream,
  SrsStreams,
  SrsSummaries,
  SrsVersions,
  SrsVhost,
  SrsVhosts,
  streamUrl,
} from './api-shapes.js';
export * from './conf.js';
export { encodeProxyHeader } from './proxy-header.js';
