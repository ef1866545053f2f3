"""The report: one HTML page with its plots drawn in, which asks for nothing from elsewhere."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from string import Template

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.dates import DateFormatter, MonthLocator

INK, PALE, MODEL, NAIVE = "#1f2933", "#d9e2ec", "#0b7285", "#e8833a"
SHADES = LinearSegmentedColormap.from_list("shades", ["#e3f4f6", MODEL, "#06303a"])
FEW_FLIGHTS = 100
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
plt.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "report",
        "font.family": "sans-serif",
        "font.size": 10,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": PALE,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": PALE,
        "grid.linewidth": 0.6,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "legend.frameon": False,
    }
)


def draw(plot: Callable[[Axes], None], height: float = 3.6) -> str:
    """One plot as an <svg> element."""
    figure, axes = plt.subplots(figsize=(5.6, height), layout="constrained")
    plot(axes)
    text = StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata=NO_METADATA)
    plt.close(figure)
    return text.getvalue()[text.getvalue().index("<svg") :]


def mean_errors(flights: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Mean absolute error of model and naive guess in each group that is not tiny."""
    errors = flights[["model", "naive"]].sub(flights.actual, axis=0).abs().groupby(by)
    return errors.mean()[errors.size() >= FEW_FLIGHTS]


def predicted_and_actual(flights: pd.DataFrame) -> str:
    def plot(axes: Axes) -> None:
        low, high = -60, 240
        bins = axes.hexbin(
            flights.model,
            flights.actual,
            gridsize=48,
            extent=(low, high, low, high),
            bins="log",
            mincnt=1,
            cmap=SHADES,
            linewidths=0.2,
        )
        axes.plot([low, high], [low, high], color=NAIVE, linewidth=1.2)
        axes.set(xlim=(low, high), ylim=(low, high))
        axes.set(xlabel="predicted delay, minutes", ylabel="actual delay, minutes")
        bar = axes.figure.colorbar(bins, ax=axes, label="flights", aspect=30)
        bar.outline.set_visible(False)

    return draw(plot)


def within_minutes(flights: pd.DataFrame) -> str:
    def plot(axes: Axes) -> None:
        minutes = range(61)
        for name, color in (("naive", NAIVE), ("model", MODEL)):
            error = (flights[name] - flights.actual).abs()
            axes.plot(minutes, [100 * (error <= m).mean() for m in minutes], color, label=name)
        axes.set(xlabel="off by at most, minutes", xlim=(0, 60))
        axes.set(ylabel="% of flights", ylim=(0, 100))
        axes.legend(loc="lower right")

    return draw(plot)


def error_by_carrier(flights: pd.DataFrame) -> str:
    errors = mean_errors(flights, flights.carrier).sort_values("model", ascending=False)

    def plot(axes: Axes) -> None:
        axes.hlines(errors.index, errors.model, errors.naive, color=PALE, linewidth=2)
        axes.scatter(errors.naive, errors.index, color=NAIVE, label="naive", s=28, zorder=3)
        axes.scatter(errors.model, errors.index, color=MODEL, label="model", s=28, zorder=3)
        axes.set(xlabel="mean absolute error, minutes", xlim=(0, None))
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower left")

    return draw(plot, height=4)


def error_by_hour(flights: pd.DataFrame) -> str:
    errors = mean_errors(flights, flights.sched_dep // 60)

    def plot(axes: Axes) -> None:
        axes.plot(errors.index, errors.naive, color=NAIVE, marker="o", markersize=4, label="naive")
        axes.plot(errors.index, errors.model, color=MODEL, marker="o", markersize=4, label="model")
        axes.set(xlabel="scheduled hour of departure", ylabel="mean absolute error, minutes")
        axes.set(xticks=range(6, 24, 3), ylim=(0, None))
        axes.legend(loc="lower right")

    return draw(plot, height=4)


def error_by_day(flights: pd.DataFrame) -> str:
    errors = mean_errors(flights, pd.to_datetime(flights.day))

    def plot(axes: Axes) -> None:
        axes.vlines(errors.index, errors.model, errors.naive, color=PALE, linewidth=2)
        axes.scatter(errors.index, errors.naive, color=NAIVE, label="naive", s=14, zorder=3)
        axes.scatter(errors.index, errors.model, color=MODEL, label="model", s=14, zorder=3)
        axes.xaxis.set_major_locator(MonthLocator(interval=2))
        axes.xaxis.set_major_formatter(DateFormatter("%b"))
        axes.set(ylabel="mean absolute error, minutes", ylim=(0, None))
        axes.legend(loc="lower right")

    return draw(plot, height=4)


def importance(gains: pd.Series) -> str:
    shares = gains.sort_values().tail(12) / gains.sum() * 100

    def plot(axes: Axes) -> None:
        bars = axes.barh(shares.index.str.replace("_", " "), shares, color=MODEL, height=0.65)
        axes.bar_label(bars, fmt="%.0f %%", padding=4)
        axes.set(xlabel="% of the total gain", xlim=(0, shares.max() * 1.12))
        axes.grid(visible=False, axis="y")

    return draw(plot, height=4)


def render(flights: pd.DataFrame, metrics: dict[str, float], gains: pd.Series) -> str:
    """The page, from predictions, metrics and each feature's total gain."""
    page = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
    return page.substitute(
        {name: f"{value:.1f}" for name, value in metrics.items()},
        flights=f"{len(flights):,}",
        days=flights.day.nunique(),
        few=FEW_FLIGHTS,
        r2=f"{metrics['r2']:.3f}",
        naive_r2=f"{metrics['naive_r2']:.3f}",
        skill=f"{100 * metrics['skill']:.1f} %",
        predicted_and_actual=predicted_and_actual(flights),
        within_minutes=within_minutes(flights),
        error_by_carrier=error_by_carrier(flights),
        error_by_hour=error_by_hour(flights),
        error_by_day=error_by_day(flights),
        importance=importance(gains),
    )
