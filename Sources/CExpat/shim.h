// SPDX-License-Identifier: Apache-2.0
// Expat, the streaming XML parser (https://libexpat.github.io/doc/api/latest/).
#pragma once
#include <expat.h>
