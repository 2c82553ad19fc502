# SPDX-License-Identifier: Apache-2.0
"""What moto leaves out of AWS's behaviour: time, health, replacement, scaling activities. Put into its classes here."""
