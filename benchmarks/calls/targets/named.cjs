// The functions and the channel that named.json names.
const { tracingChannel } = require('node:diagnostics_channel');

const channel = tracingChannel('ostrace-benchmark:price');
const price = (order) => order;

exports.price = (order) => order;
exports.load = async (order) => order;
exports.publish = (order) => channel.traceSync(price, { order }, undefined, order);
