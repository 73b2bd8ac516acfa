"""ns-3 as a cross-check: the same question, asked of another simulator. FIFO ports only; needs ns-3 and a C++ compiler."""

from nettwin.predict.ns3.predictor import Ns3Predictor

__all__ = ["Ns3Predictor"]
