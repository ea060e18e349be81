/* sha256.h - the one hash that browsers' policies speak. */
#ifndef LTM_APP_SHA256_H
#define LTM_APP_SHA256_H

#include "base/base.h"

void sha256(uint8_t out[32], struct str s);
/* 'sha256-…' in base64, as a Content-Security-Policy names a script. */
void sha256_policy(struct buf *b, struct str s);

#endif
