import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { rtmpEncoders } from '../contracts/edge/rtmp-encoders.js';
import { rtmpEnhanced } from '../contracts/edge/rtmp-enhanced.js';
import { rtmpMedia } from '../contracts/edge/rtmp-media.js';
import { rtmpNames } from '../contracts/edge/rtmp-names.js';
import { rtmpPlayers } from '../contracts/edge/rtmp-players.js';

edgeContract('RTMP encoders', rtmpEncoders);
edgeContract('RTMP players', rtmpPlayers);
edgeContract('RTMP names', rtmpNames);
edgeContract('RTMP media', rtmpMedia);
edgeContract('RTMP, enhanced', rtmpEnhanced);
