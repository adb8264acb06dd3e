// The same for workerpool.
require('workerpool').worker({ run: require('./run.cjs') });
