import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { rtmpEncoders } from '../contracts/edge/rtmp-encoders.js';
import { rtmpEnhanced } from '../contracts/edge/rtmp-enhanced.js';
import { rtmpMedia } from '../contracts/edge/rtmp-media.js';
import { rtmpNames } from '../contracts/edge/rtmp-names.js';
import { rtmpPlayers } from '../contracts/edge/rtmp-players.js';

edgeContract('RTMP encoders', rtmpEncoders, { also2: true });
edgeContract('RTMP players', rtmpPlayers, { also2: true });
edgeContract('RTMP names', rtmpNames, { also2: true });
edgeContract('RTMP media', rtmpMedia, { also2: true });
edgeContract('RTMP, enhanced', rtmpEnhanced);
