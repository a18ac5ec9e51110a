"""Trillet's published examples, word for word; and stand-ins for the two libraries that one of them requires."""

# ruff: noqa: E501

BASIC = r"""
# Basic batch call
curl -X POST "https://api.trillet.ai/v1/api/batch-calls" \
  -H "x-api-key: YOUR_API_KEY" \
  -H "x-workspace-id: YOUR_WORKSPACE_ID" \
  -F "file=@batch-calls.csv" \
  -F "agentId=agent_123456"
"""
VERBOSE = BASIC.replace("curl -X", "curl -v -X")
SCHEDULED = r"""
# Scheduled batch call with smart callback
curl -X POST "https://api.trillet.ai/v1/api/batch-calls" \
  -H "x-api-key: YOUR_API_KEY" \
  -H "x-workspace-id: YOUR_WORKSPACE_ID" \
  -F "file=@batch-calls.csv" \
  -F "agentId=agent_123456" \
  -F "scheduledAt=2024-01-15T14:30:00Z" \
  -F "smartCallbackConfig={\"enabled\": true, \"maxAttempts\": 3, \"gaps\": [{\"days\": 1, \"hours\": 0}]}"
"""
TWO_GAPS = r"""
curl -X POST "https://api.trillet.ai/v1/api/batch-calls" \
  -H "x-api-key: YOUR_API_KEY" \
  -H "x-workspace-id: YOUR_WORKSPACE_ID" \
  -F "file=@batch-calls.csv" \
  -F "agentId=agent_123456" \
  -F "scheduledAt=2024-01-15T14:30:00Z" \
  -F "smartCallbackConfig={\"enabled\": true, \"maxAttempts\": 5, \"gaps\": [{\"days\": 1, \"hours\": 0}, {\"days\": 2, \"hours\": 0}]}"
"""
PYTHON = r"""
import requests
import json

url = "https://api.trillet.ai/v1/api/batch-calls"
headers = {
    'x-api-key': 'YOUR_API_KEY',
    'x-workspace-id': 'YOUR_WORKSPACE_ID'
}

files = {
    'file': open('batch-calls.csv', 'rb'),
    'agentId': (None, 'agent_123456'),
    'scheduledAt': (None, '2024-01-15T14:30:00Z'),  # Optional
    'smartCallbackConfig': (None, json.dumps({      # Optional
        "enabled": True,
        "maxAttempts": 3,
        "gaps": [{"days": 1, "hours": 0}]
    }))
}

response = requests.post(url, headers=headers, files=files)
print(response.json())
"""
JAVASCRIPT = r"""
const FormData = require('form-data');
const fs = require('fs');
const axios = require('axios');

const form = new FormData();
form.append('file', fs.createReadStream('batch-calls.csv'));
form.append('agentId', 'agent_123456');

// Optional: Schedule for future
form.append('scheduledAt', '2024-01-15T14:30:00Z');

// Optional: Smart callback configuration
form.append('smartCallbackConfig', JSON.stringify({
  enabled: true,
  maxAttempts: 3,
  gaps: [
    { days: 1, hours: 0 },
    { days: 2, hours: 0 }
  ]
}));

const response = await axios.post('https://api.trillet.ai/v1/api/batch-calls', form, {
  headers: {
    ...form.getHeaders(),
    'x-api-key': 'YOUR_API_KEY',
    'x-workspace-id': 'YOUR_WORKSPACE_ID'
  }
});
"""
# What the example needs of its two libraries, on Node's own http: one part a field, a file with name and type.
FORM_DATA = r"""
const { randomBytes } = require('crypto');
const { basename } = require('path');
module.exports = class FormData {
  boundary = '-'.repeat(26) + randomBytes(12).toString('hex');
  parts = [];
  append(name, value) { this.parts.push([name, value]); }
  getHeaders() { return { 'content-type': `multipart/form-data; boundary=${this.boundary}` }; }
  async *[Symbol.asyncIterator]() {
    for (const [name, value] of this.parts) {
      yield `--${this.boundary}\r\nContent-Disposition: form-data; name="${name}"`;
      if (value.path) yield `; filename="${basename(value.path)}"\r\nContent-Type: text/csv`;
      yield '\r\n\r\n';
      if (value.path) yield* value; else yield value;
      yield '\r\n';
    }
    yield `--${this.boundary}--\r\n`;
  }
};
"""
AXIOS = r"""
const http = require('http');
const { Readable } = require('stream');
exports.post = (url, form, { headers }) => new Promise((resolve, reject) => {
  const request = http.request(url, { method: 'POST', headers }, async (answer) => {
    let text = '';
    for await (const piece of answer) text += piece;
    const response = { status: answer.statusCode, data: JSON.parse(text) };
    if (answer.statusCode < 300) resolve(response); else reject(new Error(text));
  });
  request.on('error', reject);
  Readable.from(form).pipe(request);
});
"""
