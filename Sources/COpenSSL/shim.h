// SPDX-License-Identifier: Apache-2.0
// libcrypto: digests, HMAC and random bytes (https://docs.openssl.org/3.0/man3/).
#pragma once
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
