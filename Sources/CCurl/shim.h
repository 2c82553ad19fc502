// SPDX-License-Identifier: Apache-2.0
// libcurl (https://curl.se/libcurl/c/). Variadic functions and macros get doors here; no logic.
#pragma once
#include <curl/curl.h>
