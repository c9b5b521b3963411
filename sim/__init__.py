"""The SoC on a PC: the ``rel4`` command line and the packages that do its work.

``cli`` has a module for each verb. ``model`` simulates the RTL, ``trace`` reads its waveforms,
``bench`` measures, ``ordering`` and ``conformance`` test, ``fpga`` synthesises and compares
netlists, ``board`` makes bitstreams and talks to boards.
"""
