import { DolphinError, type ERRORS, type ErrorCode } from '@dolphin/protocol';
import type { Logger } from '@dolphin/runtime';
import swagger from '@fastify/swagger';
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { Tokens } from '../files/tokens-file.js';
import { guardApi } from './access.js';
import { type ApiParts, addRoutes } from './routes.js';

/** The largest specification is a few KB. */
const MAX_BODY_BYTES = 256 * 1024;
/** A request that takes longer to arrive is not one of ours. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How often that is looked at: by default Node does each 30 s. */
const LATE_CHECK_MS = 1000;
const KEEP_ALIVE_MS = 5_000;

/** The global API. `listen` and `close` are the caller's. */
export async function globalApi(parts: ApiParts, logger: Logger, tokens: Tokens | null): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { connectionsCheckingInterval: LATE_CHECK_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
    // A stop must not wait for a browser that keeps a connection open.
    forceCloseConnections: true,
    // Addresses that cannot be decoded never reach the error handler.
    frameworkErrors: (error, _, reply: Pick<FastifyReply, 'code'>) => {
      const known = fromFastify(error);
      void reply.code(known.http).send(known.toAnswer());
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  guardApi(app, tokens);
  app.setErrorHandler((error: FastifyError | DolphinError, request, reply) => {
    const known = error instanceof DolphinError ? error : fromFastify(error);
    if (known.code === 'E_INTERNAL') logger.error({ err: error, url: request.url }, 'a request failed');
    void reply.code(known.http).send(known.toAnswer());
  });
  app.setNotFoundHandler((request, reply) => {
    const what = `${request.method} ${request.url.split('?')[0]}`;
    // What the API is going to have is refused as that; the rest is just not there.
    const code: ErrorCode = /^\/api\/v1\//.test(request.url) ? 'E_NOT_YET' : 'E_NOT_FOUND';
    const error = new DolphinError(code, { what });
    void reply.code(error.http).send(error.toAnswer());
  });
  await app.register(swagger, {
    openapi: {
      info: { title: 'dolphin global API', version: '1' },
      ...(tokens && {
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
        security: [{ token: [] }],
      }),
    },
    transform: jsonSchemaTransform,
  });
  addRoutes(app, parts);
  await app.ready();
  return app;
}

/** What fastify itself refuses: bodies that are too large, no JSON, of the wrong shape. */
function fromFastify(error: FastifyError): DolphinError {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const why = error.validation
      .map(({ instancePath, message }) => `${instancePath.replace(/^\//, '').replaceAll('/', '.')}: ${message}`)
      .join('; ');
    const inSpec = error.validation.some(({ instancePath }) => instancePath.startsWith('/spec'));
    return new DolphinError(inSpec ? 'E_SPEC_INVALID' : 'E_BAD_REQUEST', { why }, { cause: error });
  }
  const status = error.statusCode ?? 500;
  if (status === 413) {
    return new DolphinError('E_TOO_LARGE', { what: 'the request', limitBytes: MAX_BODY_BYTES }, { cause: error });
  }
  const code = status < 500 ? 'E_BAD_REQUEST' : 'E_INTERNAL';
  const why = status < 500 ? error.message : 'see the log of the master';
  return new DolphinError(code satisfies keyof typeof ERRORS, { why }, { cause: error });
}
