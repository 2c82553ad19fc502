// SPDX-License-Identifier: Apache-2.0
// libcrypto: digests, HMAC, random bytes, keys, certificates (https://docs.openssl.org/3.0/man3/).
#pragma once
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// EVP_PKEY_Q_keygen(3) is variadic.
static inline EVP_PKEY *copenssl_make_p256(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); }
static inline EVP_PKEY *copenssl_make_ed25519(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"); }

// BIO_get_mem_data(3) is a macro.
static inline long copenssl_memory_contents(BIO *memory, char **data) { return BIO_get_mem_data(memory, data); }

// The v2i functions of extensions want a context that names both certificates (X509V3_set_ctx(3)).
static inline X509_EXTENSION *copenssl_make_extension(int nid, const char *value, X509 *issuer, X509 *subject) {
    X509V3_CTX context = {0};
    X509V3_set_ctx(&context, issuer, subject, NULL, NULL, 0);
    return X509V3_EXT_conf_nid(NULL, &context, nid, value);
}
